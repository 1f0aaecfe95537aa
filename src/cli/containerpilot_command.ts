/**
 * `piloted containerpilot`, or a link of that name: ContainerPilot's own command line, since scripts of
 * jobs and entrypoints call it.
 *
 * @module
 */
import { parseSupervisorConfig } from "../config/load_supervisor.ts";
import { environment } from "../runtime/environment.ts";
import { type ContainerPilotFlags, parseContainerPilotFlags } from "./containerpilot_flags.ts";
import { controlRequest } from "./control_request.ts";
import type { EarlySignals } from "./early_signals.ts";
import { execCommand } from "./exec_command.ts";
import { EXIT } from "./exit_codes.ts";
import type { Output } from "./output.ts";
import { configPath, readConfigText, renderCommand } from "./render_command.ts";
import { UsageError } from "./usage_error.ts";
import { VERSION } from "./version.ts";

const HELP = `Usage: containerpilot [flags] [COMMAND [ARGUMENT]...]

Without a flag that says otherwise it runs the jobs of the configuration, as piloted exec does.

  -config FILE                  configuration file (default: $CONTAINERPILOT)
  -template                     print the configuration with its template rendered
  -out FILE                     write it to a file (with -template)
  -reload                       let the running supervisor read its configuration again
  -maintenance enable|disable   take its services out of Consul, and bring them back
  -putenv NAME=VALUE            set a variable of processes that it starts from now on
  -putmetric NAME=VALUE         record a metric
  -ping                         check that it listens on its control socket
  -version                      print the version
`;

/**
 * Runs ContainerPilot's command line.
 *
 * @param args The arguments.
 * @param outputs Where it writes.
 * @param signals Signals since the start of the process.
 * @returns The exit code.
 * @throws {CommandError} when the supervisor cannot be reached or refuses.
 */
export async function containerPilotCommand(
  args: readonly string[],
  outputs: { readonly stdout: Output; readonly stderr: Output },
  signals?: EarlySignals,
): Promise<number> {
  const flags = parseContainerPilotFlags(args);
  const { stdout } = outputs;
  if (flags.set.has("help") || flags.set.has("h")) {
    stdout.write(HELP);
  } else if (flags.set.has("version")) {
    stdout.write(`Version: ${VERSION}\n`);
  } else if (flags.set.has("template")) {
    const output = flags.out === "-" ? undefined : flags.out;
    return await renderCommand(flags.config, { output }, stdout);
  } else if (!await control(flags, stdout)) {
    const command = flags.command.length > 0 ? flags.command : undefined;
    return await execCommand(flags.config, {}, command, outputs, signals);
  }
  return EXIT.ok;
}

async function control(flags: ContainerPilotFlags, stdout: Output): Promise<boolean> {
  const { set, maintenance, putenv, putmetric, config } = flags;
  const isSome = (pairs: Readonly<Record<string, string>>) => Object.keys(pairs).length > 0;
  const request = async (path: string, body?: Readonly<Record<string, string>>) =>
    await controlRequest(await socketPath(config), path, body);
  if (set.has("reload")) {
    await request("/v3/reload");
  } else if (maintenance !== undefined) {
    if (maintenance !== "enable" && maintenance !== "disable") {
      throw new UsageError(
        `Cannot read the command line: -maintenance must be enable or disable, received ${maintenance}`,
      );
    }
    await request(`/v3/maintenance/${maintenance}`);
  } else if (isSome(putenv) || isSome(putmetric)) {
    if (isSome(putenv)) await request("/v3/environ", putenv);
    if (isSome(putmetric)) await request("/v3/metric", putmetric);
  } else if (set.has("ping")) {
    await request("/v3/ping");
    stdout.write("ok\n");
  } else {
    return false;
  }
  return true;
}

// As the supervisor reads it, since the path may come from its template.
async function socketPath(file: string | undefined): Promise<string> {
  const path = configPath(file);
  const context = {
    template: environment(),
    consul: environment({ quiet: true }),
    missing: "empty" as const,
  };
  const { control } = await parseSupervisorConfig(await readConfigText(path), context, path);
  return control.socket;
}
