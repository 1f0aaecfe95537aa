/**
 * The commands, their options and their help.
 *
 * @module
 */
import { Command } from "commander";
import type { CheckOptions } from "./check_command.ts";
import type { EarlySignals } from "./early_signals.ts";
import type { ExecOptions } from "./exec_command.ts";
import { examplesText, exitCodesText } from "./help_text.ts";
import { loadModule } from "../load_module.ts";
import type { LookupOptions } from "./lookup_command.ts";
import {
  appended,
  parseCount,
  parseOnChange,
  parsePort,
  parseQuiet,
  parseTime,
} from "./option_values.ts";
import type { Output } from "./output.ts";
import type { RegisterCommandOptions } from "./register_command.ts";
import type { RenderOptions } from "./render_command.ts";
import { serveOptionTexts } from "./serve_options.ts";
import { VERSION } from "./version.ts";
import type { WaitOptions } from "./wait_command.ts";
import type { WatchOptions } from "./watch_command.ts";

/** What the commands work with. */
export interface CommandContext {
  /** Standard output, for the answer alone. */
  readonly stdout: Output;
  /** Standard error, for everything else. */
  readonly stderr: Output;
  /** All arguments. */
  readonly argv: readonly string[];
  /** The command after `--`. */
  readonly command: readonly string[] | undefined;
  /** Signals since the start of the process; only `exec` has any. */
  readonly signals?: EarlySignals | undefined;
  /** Takes the exit code. */
  exit(code: number): void;
}

/** Commands that take another program after `--`. */
export const TAKES_COMMAND: readonly string[] = ["wait", "exec"];

/**
 * Describes the commands. What a command needs is loaded when it runs.
 *
 * @param context What they work with.
 * @returns The program, to be parsed.
 */
export function createProgram(context: CommandContext): Command {
  const program = new Command("piloted")
    .description("Service discovery with Consul and containerpilot.json5.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    // What follows the command belongs to it.
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: false });
  addReaders(program, context);
  addConfigCommands(program, context);
  addServe(program, context);
  addRegister(program, context);
  addExec(program, context);
  for (const command of program.commands) {
    command.addHelpText("after", () => examplesText(command.name()));
  }
  program.addHelpText("after", () =>
    `\nExamples:\n  $ piloted lookup customers
  $ piloted wait --timeout 30s db -- node server.js
  $ source <(piloted complete bash)
${exitCodesText()}

The configuration is the file in $CONTAINERPILOT unless a file is named. NO_COLOR turns colors off,
FORCE_COLOR turns them on.`);
  return program;
}

function addReaders(program: Command, context: CommandContext): void {
  const { stdout, stderr } = context;
  withRegistry(program.command("lookup"))
    .summary("print an endpoint of a service")
    .description("Print an endpoint of a service as host:port. Exits with 3 when there is none.")
    .argument("<name>", "name of the service")
    .option("-a, --all", "print every endpoint, one per line")
    .option("--port-name <name>", "print the port of this name instead of the default one")
    .option("--json", "print lines of JSON with every field")
    .action(async (name: string, options: LookupOptions) => {
      const { lookupCommand } = await import("./lookup_command.ts");
      context.exit(await lookupCommand(name, options, stdout));
    });
  withRegistry(program.command("watch"))
    .summary("show endpoints and their changes")
    .description(
      "Show the endpoints of services and their changes until it is stopped: a table on a terminal, " +
        "lines of JSON elsewhere.",
    )
    .argument("[names...]", "names of services (default: all that the configuration watches)")
    .option("--json", "lines of JSON also on a terminal")
    .action(async (names: string[], options: WatchOptions) => {
      const { watchCommand } = await import("./watch_command.ts");
      context.exit(await watchCommand(names, options, stdout));
    });
  withRegistry(program.command("wait"))
    .summary("wait until services have endpoints")
    .description(
      "Wait until every service has endpoints. Then run COMMAND, if there is one, and exit with its " +
        "code. COMMAND finds the endpoints in PILOTED_{SERVICE}_HOST, _PORT and _HOSTS.",
    )
    .usage("[options] [names...] [-- COMMAND [ARGUMENT]...]")
    .argument("[names...]", "names of services (default: all that the configuration watches)")
    .option(
      "-t, --timeout <time>",
      "maximum wait, such as 30 or 1m30s (default: no limit)",
      parseTime("--timeout"),
    )
    .option(
      "-n, --count <number>",
      "how many endpoints each service needs (default: 1)",
      parseCount,
    )
    .action(
      async (names: string[], { timeout, ...options }: WaitOptions & { timeout?: number }) => {
        const { waitCommand } = await import("./wait_command.ts");
        const all = { ...options, timeoutMs: timeout };
        context.exit(await waitCommand(names, all, context.command, stderr));
      },
    );
}

function addConfigCommands(program: Command, context: CommandContext): void {
  const { stdout } = context;
  program.command("check")
    .summary("check a configuration file")
    .description(
      "Render and read a configuration file, print what is odd in it, and try Consul.",
    )
    .argument("[file]", "configuration file (default: $CONTAINERPILOT)")
    .option("--strict", "fail on warnings and on variables that are not set")
    .option("--offline", "do not try Consul")
    .action(async (file: string | undefined, options: CheckOptions) => {
      const { checkCommand } = await import("./check_command.ts");
      context.exit(await checkCommand(file, options, stdout));
    });
  program.command("render")
    .summary("print a configuration file with its template rendered")
    .description("Print a configuration file with its template rendered.")
    .argument("[file]", "configuration file (default: $CONTAINERPILOT)")
    .option("-o, --output <file>", "write a file with mode 0644 instead")
    .option("--strict", "fail on variables that are not set")
    .action(async (file: string | undefined, options: RenderOptions) => {
      const { renderCommand } = await import("./render_command.ts");
      context.exit(await renderCommand(file, options, stdout));
    });
}

function addExec(program: Command, context: CommandContext): void {
  program.command("exec")
    .summary("run the jobs of a file, or a program beside its watches")
    .description(
      "Run the jobs of a configuration file as ContainerPilot 3 does. With -- COMMAND run that program " +
        "instead, keep it informed of changes of the watched services, and exit with its code.",
    )
    .usage("[options] [file] [-- COMMAND [ARGUMENT]...]")
    .argument("[file]", "configuration file (default: $CONTAINERPILOT)")
    .option("--main <job>", "job whose end ends everything, with its exit code")
    .option(
      "--on-change <action>",
      "what a change does to COMMAND: auto, none, restart, run:COMMAND or a signal; auto is SIGHUP " +
        "if COMMAND has a handler for it (default: auto)",
      parseOnChange,
    )
    .option("--quiet <min:max>", "gather changes (default: 250ms:2s)", parseQuiet)
    .option(
      "--splay <time>",
      "maximum random delay after a change (default: 0)",
      parseTime("--splay"),
    )
    .option(
      "--drain <time>",
      "time between the removal of a service and SIGTERM (default: 500ms)",
      parseTime("--drain"),
    )
    .action(async (file: string | undefined, options: ExecOptions & ExecTimes) => {
      const { execCommand } = await import("./exec_command.ts");
      const { splay, drain, ...others } = options;
      const all = { ...others, splayMs: splay, drainMs: drain };
      context.exit(await execCommand(file, all, context.command, context, context.signals));
    });
  // Read by containerpilot_command.ts, which has flags of Go; here it is described for the help.
  program.command("containerpilot")
    .summary("ContainerPilot's own flags: -reload, -maintenance, -putenv and others")
    .description("ContainerPilot's own command line. See piloted containerpilot -help.")
    .helpOption(false);
}

interface ExecTimes {
  readonly splay?: number;
  readonly drain?: number;
}

type RegisterArguments =
  & Omit<RegisterCommandOptions, "intervalMs" | "ttlMs" | "drainMs">
  & { interval?: number; ttl?: number; drain?: number };

function addRegister(program: Command, context: CommandContext): void {
  program.command("register")
    .summary("register a service until it is stopped")
    .description(
      "Register a service in Consul and keep it registered until SIGTERM or SIGINT, then deregister " +
        "it. Its id goes to standard output when others can find it. Checks are run by this " +
        "command before each heartbeat; all of them must pass.",
    )
    .argument("<name>", "name of the service")
    .requiredOption("-p, --port <number>", "port that the service listens on", parsePort)
    .option(
      "--address <address>",
      "its address (default: $PILOTED_ADVERTISE_ADDRESS or the agent's)",
    )
    .option(
      "--interface <rule>",
      "ContainerPilot's rule for the address; may be repeated",
      appended,
    )
    .option("--id <id>", "id of the instance (default: name, host name and port)")
    .option("--tag <tag>", "a tag; may be repeated", appended)
    .option("--meta <key=value>", "metadata; may be repeated", appended)
    .option("--check-http <url>", "passes when it responds with 2xx; 429 is a warning")
    .option("--check-tcp <address>", "port or host:port; passes when it accepts a connection")
    .option("--check-cmd <command>", "runs in a shell; 0 passes, 1 is a warning")
    .option(
      "--interval <time>",
      "time between two checks and heartbeats (default: 10s)",
      parseTime("--interval"),
    )
    .option(
      "--ttl <time>",
      "time without a heartbeat after which it is critical (default: 3 intervals)",
      parseTime("--ttl"),
    )
    .option(
      "--drain <time>",
      "time between its removal and the end of this command (default: 500ms)",
      parseTime("--drain"),
    )
    .option("-c, --config <file>", "configuration file (default: $CONTAINERPILOT)")
    .option("--consul <address>", "address of Consul instead of the configuration's")
    .action(
      async (name: string, { interval, ttl, drain, ...options }: RegisterArguments) => {
        const { registerCommand } = await import("./register_command.ts");
        const all = { ...options, intervalMs: interval, ttlMs: ttl, drainMs: drain };
        context.exit(await registerCommand(name, all, context));
      },
    );
}

// The arguments go to the parser of serve.ts; here they are described for help and completions.
function addServe(program: Command, context: CommandContext): void {
  const serve = program.command("serve")
    .summary("serve lookups over HTTP")
    .description("Serve the endpoints of the services in containerpilot.json5 over HTTP.")
    .allowUnknownOption()
    .allowExcessArguments();
  for (const [flags, description] of serveOptionTexts()) serve.option(flags, description);
  serve.action(async () => {
    const { serveCommand } = await loadModule(() => import("./serve_command.ts"));
    const { argv } = context;
    context.exit(await serveCommand(argv.slice(argv.indexOf("serve") + 1), "piloted serve"));
  });
}

function withRegistry(command: Command): Command {
  return command
    .option("-c, --config <file>", "configuration file (default: $CONTAINERPILOT)")
    .option("--consul <address>", "address of Consul instead of the configuration's")
    .option("--tag <tag>", "only instances with this tag")
    .option("--datacenter <name>", "datacenter to read from");
}
