/**
 * An application for tests of signals: reads `app` from the configuration named by its argument,
 * prints the ports that it has after each refresh, and closes on SIGTERM.
 *
 * It holds no blocking query and its interval is an hour: between refreshes nothing tells it of a
 * change.
 */
import process from "node:process";
import { createPiloted } from "../../mod.ts";

const piloted = await createPiloted({ config: process.argv[2], keepProcessAlive: false });
let count = 0;

function print(what: string): void {
  const ports = piloted.serviceHosts("app").map(({ port }) => port).sort();
  console.log(`${what}: ${ports.join(" ")}`);
}

piloted.on("refresh", () => print(`refresh ${++count}`));
const alive = setInterval(() => {}, 60_000);
process.once("SIGTERM", async () => {
  clearInterval(alive);
  await piloted.close();
  // Nothing is left, so that the process ends by itself.
  console.log("closed");
});
print("ready");
