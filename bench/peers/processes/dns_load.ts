/**
 * SRV queries for `customers.service.consul` by UDP, 64 under way.
 *
 *     node --import tsx bench/peers/processes/dns_load.ts PORT MILLISECONDS
 *
 * Prints the answers with records per second, and how many there were in all, the warm-up included.
 */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import process from "node:process";

const UNDER_WAY = 64;
const WARM_UP_MS = 300;
// A query whose packet was dropped is sent again.
const AGAIN_MS = 250;
const SRV = 33;
const INTERNET = 1;

const port = Number(process.argv[2]);
const durationMs = Number(process.argv[3]);
const labels = ["customers", "service", "consul"].flatMap((label) => [
  label.length,
  ...Buffer.from(label),
]);
// Recursion desired, one question.
const query = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, SRV, 0, INTERNET]);

let answers = 0;

for (let id = 0; id < UNDER_WAY; id++) {
  const socket = createSocket("udp4");
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    socket.send(query);
  };
  socket.on("message", (message) => {
    if (message.readUInt16BE(6) === 0) fail(`no records, code ${message[3]! & 15}`);
    answers++;
    send();
  });
  socket.on("error", (error) => fail(error.message));
  socket.connect(port, "127.0.0.1", send);
  setInterval(() => performance.now() - sentAt > AGAIN_MS && send(), AGAIN_MS);
}

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}

setTimeout(() => {
  const before = answers;
  const startedAt = performance.now();
  setTimeout(() => {
    const rate = Math.round((answers - before) / (performance.now() - startedAt) * 1_000);
    console.log(`${rate} ${answers}`);
    process.exit();
  }, durationMs);
}, WARM_UP_MS);
