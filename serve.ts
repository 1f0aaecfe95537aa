/**
 * The HTTP lookup service: `deno run -A serve.ts` or `bun serve.ts`. `piloted serve` of the npm
 * package is the same. `--help` lists its options.
 *
 * @module
 */
import process from "node:process";
import { isMainModule } from "./src/cli/main_module.ts";
import { serveCommand } from "./src/cli/serve_command.ts";

if (isMainModule(import.meta)) process.exitCode = await serveCommand(process.argv.slice(2));
