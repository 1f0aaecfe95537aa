/**
 * An application for tests of signals. It watches `app` with the configuration file in its argument,
 * prints the ports after each refresh, and closes on SIGTERM.
 *
 * It has no blocking queries and an interval of an hour, so that only a refresh can show a change.
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
  // Nothing keeps the process alive any more, so it ends.
  console.log("closed");
});
print("ready");
