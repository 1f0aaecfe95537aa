/**
 * Four real backends, one of them late, killed and restarted under load: the balanced fetch beside
 * bare round robin without retries.
 *
 *     deno run -A bench/fetch_backends.ts
 *
 * Exits with 1 when a balanced request failed.
 */
import process from "node:process";
import { fourBackends, printable } from "./fetch/four_backends.ts";

const result = await fourBackends();
console.log(printable(result));
for (const failure of result.balanced.failures) console.log(`balanced failed: ${failure}`);
process.exitCode = result.balanced.failures.length > 0 ? 1 : 0;
