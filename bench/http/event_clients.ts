/**
 * Clients that listen to event streams, in a process of their own.
 *
 *     bun bench/http/event_clients.ts <url> <clients>
 *
 * Prints `ready` once all have their snapshot, and then, for each line of its standard input, waits
 * until all have received one more event and prints after how many milliseconds each did: the
 * 50th, the 99th and the 100th percentile, counted from the moment that the line names.
 */
import { connect } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";

const { hostname, port, host, pathname } = new URL(process.argv[2]!);
const clients = Number(process.argv[3]);
const request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const CHANGE = Buffer.from("event: change\n");
let ready = 0;
let arrivals: number[] = [];
let arrived = () => {};

for (let i = 0; i < clients; i++) {
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    let opened = false;
    socket.on("data", (data: Buffer) => {
      if (!opened) {
        if (data.indexOf("event: snapshot") < 0) return;
        opened = true;
        ready++;
        return resolve();
      }
      if (data.indexOf(CHANGE) < 0) return;
      arrivals.push(Date.now());
      if (arrivals.length === clients) arrived();
    });
    socket.on("error", (error) => {
      console.error(error.message);
      process.exit(1);
    });
  });
}
console.log(`ready ${ready}`);

for await (const line of createInterface({ input: process.stdin })) {
  const startedAt = Number(line);
  if (arrivals.length < clients) await new Promise<void>((resolve) => arrived = resolve);
  const times = arrivals.map((at) => at - startedAt).sort((a, b) => a - b);
  arrivals = [];
  const percentile = (part: number) => times[Math.min(clients - 1, Math.floor(clients * part))];
  console.log(`received ${percentile(0.5)} ${percentile(0.99)} ${percentile(1)}`);
}
