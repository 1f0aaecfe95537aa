/**
 * The command `piloted`: `deno run -A jsr:@piloted/core/cli`, `bun cli.ts`, or `piloted` of the npm
 * package. `--help` lists its commands.
 *
 * @module
 */
import process from "node:process";
import { holdSignals } from "./src/cli/early_signals.ts";
import { isMainModule } from "./src/cli/main_module.ts";

if (isMainModule(import.meta)) {
  const args = process.argv.slice(2);
  // Before anything else is loaded: the first process of a container ignores what it has no listener for.
  const signals = args[0] === "exec"
    ? holdSignals(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"])
    : undefined;
  const { main } = await import("./src/cli/main.ts");
  const code = await main(args, signals);
  // Requests that nobody waits for any more do not hold the process; what was written is sent first.
  process.stdout.write("", () => process.exit(code));
}
