/**
 * The command `piloted`: `deno run -A jsr:@piloted/core/cli`, `bun cli.ts`, or `piloted` of the npm
 * package. `--help` lists its commands.
 *
 * @module
 */
import process from "node:process";
import { commandArguments } from "./src/cli/command_arguments.ts";
import { execSignals, holdSignals } from "./src/cli/early_signals.ts";
import { isMainModule } from "./src/cli/main_module.ts";

if (isMainModule(import.meta)) {
  const args = commandArguments(process.argv, process.argv0);
  // Before anything else is loaded: the first process of a container ignores what it has no listener for.
  const signals = args[0] === "exec" || args[0] === "containerpilot"
    ? holdSignals(execSignals(args, process.stdin.isTTY === true))
    : undefined;
  const { main } = await import("./src/cli/main.ts");
  const code = await main(args, signals);
  // Requests that nobody waits for any more do not hold the process; what was written is sent first.
  process.stdout.write("", () => process.exit(code));
}
