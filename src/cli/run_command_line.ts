/**
 * One run of the command, with its outputs given.
 *
 * @module
 */
import { CommanderError } from "commander";
import { complete } from "./completions.ts";
import { EXIT, exitCodeOf } from "./exit_codes.ts";
import { type CommandContext, createProgram, TAKES_COMMAND } from "./program.ts";
import { splitCommandLine } from "./split_command_line.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Runs the command. The answer goes to standard output, an error in one line to standard error.
 *
 * @param argv Arguments without program and script.
 * @param outputs Where it writes.
 * @returns The exit code.
 * @throws What no command expects: a defect.
 */
export async function runCommandLine(
  argv: readonly string[],
  outputs: Pick<CommandContext, "stdout" | "stderr" | "signals">,
): Promise<number> {
  try {
    return await run(argv, outputs);
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    const message = (error as Error).message.replaceAll(/\s*\n\s*/g, " ");
    const label = outputs.stderr.hasColors ? "\x1b[31mError:\x1b[0m" : "Error:";
    outputs.stderr.write(`${label} ${message}\n`);
    return code;
  }
}

async function run(
  argv: readonly string[],
  outputs: Pick<CommandContext, "stdout" | "stderr" | "signals">,
): Promise<number> {
  if (argv[0] === "containerpilot") {
    const { containerPilotCommand } = await import("./containerpilot_command.ts");
    return await containerPilotCommand(argv.slice(1), outputs, outputs.signals);
  }
  let exitCode: number = EXIT.ok;
  // Without a command in front, such as `piloted --version`, there is nothing that takes another.
  const { args, command } = splitCommandLine(argv);
  const takesCommand = TAKES_COMMAND.includes(args[0] ?? "");
  if (takesCommand && command?.length === 0) {
    throw new UsageError("Cannot run a command: nothing follows --");
  }
  const program = createProgram({ ...outputs, argv, command, exit: (code) => exitCode = code });
  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({
      writeOut: (text) => outputs.stdout.write(text),
      // The error itself is thrown.
      writeErr: () => {},
    });
  }
  if (argv[0] === "complete") {
    await complete(program, argv.slice(1), outputs.stdout);
    return EXIT.ok;
  }
  if (argv.length === 0) {
    throw new UsageError("Cannot run: name a command. See piloted --help");
  }
  try {
    await program.parseAsync([...takesCommand ? args : argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version were asked for.
    if (error.exitCode === 0) return EXIT.ok;
    throw usageError(error, args[0], program.commands.map((each) => each.name()));
  }
  return exitCode;
}

// Its texts: "error: unknown option '--jsn'\n(Did you mean --json?)".
function usageError(
  error: CommanderError,
  name: string | undefined,
  names: readonly string[],
): UsageError {
  const [problem = "", ...hint] = error.message.replace(/^error: /, "").split("\n");
  const meant = hint.join(" ").replace(/^\((.*)\)$/, " $1");
  const help = name !== undefined && names.includes(name) ? `piloted ${name}` : "piloted";
  return new UsageError(
    `Cannot read the command line: ${problem}${meant ? `.${meant}` : "."} See ${help} --help`,
    { cause: error },
  );
}
