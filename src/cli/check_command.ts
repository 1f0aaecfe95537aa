/**
 * `piloted check [FILE]`.
 *
 * @module
 */
import { createPiloted } from "../client/create_piloted.ts";
import { loadConfig } from "../client/read_config.ts";
import type { Config, ConfigWarning } from "../config/config.ts";
import { isPilotedError } from "../any_piloted_error.ts";
import { EXIT, exitCodeOf } from "./exit_codes.ts";
import type { Output } from "./output.ts";
import { configPath } from "./render_command.ts";

/** Options of `piloted check`. */
export interface CheckOptions {
  /** Whether warnings fail, and variables that are not set. */
  readonly strict?: boolean | undefined;
  /** Whether Consul is left alone. */
  readonly offline?: boolean | undefined;
}

/**
 * Reads a configuration as the client and the supervisor do, and reports what is in it, what is odd,
 * and whether Consul responds.
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
  const config = await loadConfig(path, { missing: options.strict ? "error" : "empty" });
  for (const warning of config.warnings) stdout.write(`${warningText(warning, path)}\n`);
  stdout.write(`${path}: valid, ${summary(config)}\n`);
  const registry = options.offline ? EXIT.ok : await checkRegistry(config, stdout);
  if (registry !== EXIT.ok) return registry;
  return options.strict && config.warnings.length > 0 ? EXIT.config : EXIT.ok;
}

function warningText({ message, path, line, column }: ConfigWarning, file: string): string {
  const place = [path ?? file, line, column].filter((part) => part !== undefined).join(":");
  return `${place}: warning: ${message}`;
}

function summary({ watches, registrations, warnings }: Config): string {
  return [
    count(watches.length, "watch", "watches"),
    count(registrations.length, "service to register", "services to register"),
    count(warnings.length, "warning", "warnings"),
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
