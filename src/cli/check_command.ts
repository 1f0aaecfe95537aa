/**
 * `piloted check [FILE]`.
 *
 * @module
 */
import { createPiloted } from "../client/create_piloted.ts";
import type { Config, ConfigWarning } from "../config/config.ts";
import { warnOfDifferences } from "../config/containerpilot_differences.ts";
import { parseSupervisorConfig } from "../config/load_supervisor.ts";
import { parseConfigText, type ReadContext } from "../config/parse_config.ts";
import { type Environment, environment } from "../runtime/environment.ts";
import { isPilotedError } from "../any_piloted_error.ts";
import { EXIT, exitCodeOf } from "./exit_codes.ts";
import type { Output } from "./output.ts";
import { configPath, readConfigText } from "./render_command.ts";

/** Options of `piloted check`. */
export interface CheckOptions {
  /** Whether warnings fail, and variables that are not set. */
  readonly strict?: boolean | undefined;
  /** Whether Consul is left alone. */
  readonly offline?: boolean | undefined;
}

/**
 * Reads a configuration as the client and the supervisor do, and reports what is in it, what is odd,
 * what ContainerPilot 3.8 would treat differently, and whether Consul responds.
 *
 * @param file The file; `undefined` for the one in `$CONTAINERPILOT`.
 * @param options Options.
 * @param stdout Where the report goes.
 * @returns The exit code.
 * @throws {PilotedError} when the configuration is invalid.
 */
export async function checkCommand(
  file: string | undefined,
  options: CheckOptions,
  stdout: Output,
): Promise<number> {
  const path = configPath(file);
  const text = await readConfigText(path);
  const cut = new Set<string>();
  const missing = options.strict ? "error" : "empty";
  const template = recordingCuts(environment(), cut);
  const consul = environment({ quiet: true });
  const { config, jobs, refused } = await readBoth(text, { template, consul, missing }, path);
  const warnings = [
    ...text.startsWith("\uFEFF") ? [BYTE_ORDER_MARK] : [],
    ...refused === undefined ? [] : [`piloted exec and ContainerPilot 3.8 refuse it: ${refused}`],
    ...[...cut].map((name) =>
      `$${name} contains "=": ContainerPilot 3.8 reads it up to there only`
    ),
  ];
  for (const warning of warnings) stdout.write(`${path}: warning: ${warning}\n`);
  for (const warning of config.warnings) stdout.write(`${warningText(warning, path)}\n`);
  const warned = config.warnings.length + warnings.length;
  stdout.write(`${path}: valid, ${summary(config, jobs, warned)}\n`);
  const registry = options.offline ? EXIT.ok : await checkRegistry(config, stdout);
  if (registry !== EXIT.ok) return registry;
  return options.strict && warned > 0 ? EXIT.config : EXIT.ok;
}

// What only the supervisor refuses does not matter to an application that uses the library.
async function readBoth(text: string, context: ReadContext, path: string) {
  try {
    const { config, jobs } = await parseSupervisorConfig(text, context, path, warnOfDifferences);
    return { config, jobs: jobs.length, refused: undefined };
  } catch (error) {
    if (!isPilotedError(error)) throw error;
    const config = await parseConfigText(text, context, path);
    return { config, jobs: 0, refused: error.message.split("\n")[0] };
  }
}

const BYTE_ORDER_MARK = "begins with a byte order mark: ContainerPilot 3.8 refuses the file";

// ContainerPilot splits each variable at every "=".
function recordingCuts(env: Environment, cut: Set<string>): Environment {
  return new Proxy(env, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof name === "string" && value?.includes("=")) cut.add(name);
      return value;
    },
  });
}

function warningText({ message, path, line, column }: ConfigWarning, file: string): string {
  const place = [path ?? file, line, column].filter((part) => part !== undefined).join(":");
  return `${place}: warning: ${message}`;
}

function summary(config: Config, jobs: number, warnings: number): string {
  return [
    count(config.watches.length, "watch", "watches"),
    count(jobs, "job", "jobs"),
    count(config.registrations.length, "service to register", "services to register"),
    count(warnings, "warning", "warnings"),
  ].join(", ");
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

// A service that nobody watches is read, too: only an answer to a query shows whether the token and
// the certificates are right.
const PROBE = { name: "consul", tag: undefined, datacenter: undefined, intervalMs: 10_000 };

async function checkRegistry(config: Config, stdout: Output): Promise<number> {
  const watches = config.watches.length > 0 ? config.watches : [PROBE];
  await using piloted = await createPiloted({
    mode: "on-demand",
    config: { ...config, watches },
  });
  const { url } = config.consul;
  for (const name of piloted.services) {
    await piloted.load(name);
    const { watches, reason } = piloted.status(name);
    const failure = watches.find(({ error }) => error !== undefined)?.error;
    if (failure !== undefined) {
      stdout.write(`${url}: ${failure.message}\n`);
      return (isPilotedError(failure) && exitCodeOf(failure)) || EXIT.registry;
    }
    const endpoints = piloted.serviceHosts(name).length;
    if (config.watches.length > 0) {
      const why = endpoints === 0 && reason ? ` (${reason})` : "";
      stdout.write(`${name}: ${count(endpoints, "endpoint", "endpoints")}${why}\n`);
    }
  }
  stdout.write(`${url}: responds\n`);
  return EXIT.ok;
}
