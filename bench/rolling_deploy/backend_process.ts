/**
 * A backend in a process of its own: SIGTERM ends it after the requests under way.
 *
 *     node --import tsx bench/rolling_deploy/backend_process.ts
 *
 * Prints its ports.
 */
import process from "node:process";
import { Backend } from "./backend.ts";

const backend = await Backend.start();
process.once("SIGTERM", async () => {
  await backend.stop();
  process.exit();
});
console.log(`Listening ${JSON.stringify(backend.ports)}`);
