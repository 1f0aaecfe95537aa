/**
 * An embedded Consul in a process of its own, so that it does not share its turns with a client.
 *
 *     deno run -A bench/freshness/embedded_process.ts VERSION STREAMING
 *
 * Prints its URL, and ends when standard input does.
 */
import process from "node:process";
import { type ConsulVersion, EmbeddedConsul } from "../../src/testing/mod.ts";

const [version, streaming] = process.argv.slice(2);
const consul = new EmbeddedConsul({
  version: version as ConsulVersion,
  streaming: streaming === "true",
});
const listener = await consul.listen();
console.log(listener.url);
process.stdin.on("end", async () => {
  await listener.close();
  await consul.close();
}).resume();
