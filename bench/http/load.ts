/**
 * Load for one URL in a process of its own: keep-alive connections, a few pipelined requests on
 * each, so that the server and not this process is what takes the time.
 *
 *     bun bench/http/load.ts <url> <milliseconds>
 *
 * Prints the answers with status 200 per second, and how many there were in all, the warm-up
 * included. Any other answer ends it with an error.
 */
import { connect } from "node:net";
import process from "node:process";

const CONNECTIONS = 32;
const PIPELINED = 8;
const WARM_UP_MS = 300;

const { hostname, port, host, pathname, search } = new URL(process.argv[2]!);
const durationMs = Number(process.argv[3]);
const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
// Only answers are counted, not parsed: a status line can't be part of these bodies.
const STATUS = Buffer.from("HTTP/1.1 ");
const OK = Buffer.from("HTTP/1.1 200");
let answers = 0;

for (let i = 0; i < CONNECTIONS; i++) {
  const socket = connect(Number(port), hostname, () => socket.write(request.repeat(PIPELINED)));
  socket.setNoDelay(true);
  // What one read ends with may be the beginning of a status line.
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let seen = 0;
    let at = data.indexOf(STATUS);
    while (at !== -1 && at + OK.length <= data.length) {
      if (data.compare(OK, 0, OK.length, at, at + OK.length) !== 0) {
        fail(data.toString("latin1", at));
      }
      seen++;
      at = data.indexOf(STATUS, at + OK.length);
    }
    rest = data.subarray(at === -1 ? Math.max(0, data.length - STATUS.length + 1) : at);
    answers += seen;
    if (seen > 0) socket.write(request.repeat(seen));
  });
  socket.on("error", (error) => fail(error.message));
  socket.on("close", () => fail("the server closed a connection"));
}

function fail(why: string): never {
  console.error(why.slice(0, 300));
  process.exit(1);
}

setTimeout(() => {
  const before = answers;
  const started = performance.now();
  setTimeout(() => {
    const rate = Math.round((answers - before) / (performance.now() - started) * 1000);
    console.log(`${rate} ${answers}`);
    process.exit(0);
  }, durationMs);
}, WARM_UP_MS);
