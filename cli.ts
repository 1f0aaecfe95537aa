/**
 * The command `piloted`: `deno run -A jsr:@piloted/core/cli`, `bun cli.ts`, or `piloted` of the npm
 * package. `--help` lists its commands.
 *
 * @module
 */
import process from "node:process";
import { isMainModule } from "./src/cli/main_module.ts";

if (isMainModule(import.meta)) {
  const { main } = await import("./src/cli/main.ts");
  const code = await main(process.argv.slice(2));
  // Requests that nobody waits for any more do not hold the process; what was written is sent first.
  process.stdout.write("", () => process.exit(code));
}
