/**
 * A backend that can be killed: answers every request, late if told so. On SIGTERM it takes no new
 * connections and ends when what is under way has been answered. Arguments: port (0 for any), delay
 * in milliseconds.
 */
import { createServer } from "node:http";
import process from "node:process";

const [port, delayMs] = process.argv.slice(2).map(Number);
let underWay = 0;
let ending = false;

function endIfIdle(): void {
  if (ending && underWay === 0) process.exit(0);
}

const server = createServer((_, response) => {
  underWay++;
  response.once("close", () => {
    underWay--;
    endIfIdle();
  });
  setTimeout(() => {
    if (ending) response.setHeader("connection", "close");
    response.end("ok");
  }, delayMs);
});
server.listen(port, "127.0.0.1", () => {
  console.log(`listening on ${(server.address() as { port: number }).port}`);
});
process.once("SIGTERM", () => {
  ending = true;
  server.close();
  // Requests that are on their way through kept connections still come in.
  setTimeout(endIfIdle, 50);
});
