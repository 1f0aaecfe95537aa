/**
 * The client that `lookup`, `watch` and `wait` read with.
 *
 * @module
 */
import { closest } from "../check_options.ts";
import { createPiloted, type CreatePilotedOptions } from "../client/create_piloted.ts";
import type { Piloted } from "../client/piloted.ts";
import type { Config, WatchConfig } from "../config/config.ts";
import { resolveConfig } from "../config/resolve_config.ts";
import { environment } from "../runtime/environment.ts";
import { UsageError } from "./usage_error.ts";

/** Options of every command that reads from Consul. */
export interface RegistryOptions {
  /** Configuration file; `undefined` for the one in `$CONTAINERPILOT`, if any. */
  readonly config?: string | undefined;
  /** Address of Consul, instead of the file's or the environment's. */
  readonly consul?: string | undefined;
  /** Only instances with this tag. */
  readonly tag?: string | undefined;
  /** Datacenter to read from. */
  readonly datacenter?: string | undefined;
}

/** What to read, and the names that the configuration knows. */
export interface Target {
  /** The configuration, with the watches in question. */
  readonly config: NonNullable<CreatePilotedOptions["config"]>;
  /** Names of the services in question, each once. */
  readonly names: readonly string[];
  /** Names that the configuration file watches. */
  readonly known: readonly string[];
}

/**
 * Finds out what to read: the file's watches of those names with their tags and datacenters, and
 * any other name as it is, in the same Consul.
 *
 * @param names Names of services; none for all that the file watches.
 * @param options Options of the command.
 * @returns The configuration.
 * @throws {PilotedError} when the configuration is invalid.
 * @throws {UsageError} when no service is named at all.
 */
export async function findTarget(
  names: readonly string[],
  options: RegistryOptions,
): Promise<Target> {
  const file = await readFile(options.config);
  const known = [...new Set(file?.watches.map(({ name }) => name))];
  const wanted = [...new Set(names.length > 0 ? names : known)];
  if (wanted.length === 0) {
    throw new UsageError(
      "Cannot choose a service: name one, or a configuration file that has watches (--config)",
    );
  }
  const watches = wanted.flatMap((name) => watchesOf(name, file, options));
  // In code any name is a service, as in Consul; an empty consul is that of the environment.
  const config = file === undefined
    ? { consul: options.consul ?? "", watches: watches.map(toObject) }
    : { ...file, ...options.consul && { consul: options.consul }, watches };
  return { config, names: wanted, known };
}

/**
 * Creates the client.
 *
 * @param target What to read.
 * @param options Options of the client.
 * @returns The client.
 */
export function openClient(
  target: Target,
  options: Omit<CreatePilotedOptions, "config">,
): Promise<Piloted> {
  return createPiloted({ ...options, config: target.config });
}

/**
 * A hint for a service that nobody has registered and the file does not watch.
 *
 * @param name What was asked for.
 * @param known Names that the file watches.
 * @returns Such as `. Did you mean customers?`; `""` when none is close.
 */
export function nameHint(name: string, known: readonly string[]): string {
  if (known.includes(name)) return "";
  const meant = closest(name, known);
  return meant === undefined ? "" : `. Did you mean ${meant}?`;
}

async function readFile(path: string | undefined): Promise<Config | undefined> {
  if (path === undefined && !environment({ quiet: true }).CONTAINERPILOT) return undefined;
  return await resolveConfig(path);
}

function watchesOf(
  name: string,
  file: Config | undefined,
  { tag, datacenter }: RegistryOptions,
): WatchConfig[] {
  const chosen = { ...tag !== undefined && { tag }, ...datacenter !== undefined && { datacenter } };
  const found = file?.watches.filter((watch) => watch.name === name) ?? [];
  const watches = found.length > 0
    ? found
    : [{ name, tag: undefined, datacenter: undefined, intervalMs: 10_000 }];
  const seen = new Set<string>();
  return watches.map((watch) => ({ ...watch, ...chosen })).filter((watch) => {
    const identity = JSON.stringify([watch.tag, watch.datacenter]);
    return !seen.has(identity) && seen.add(identity);
  });
}

function toObject({ name, tag, datacenter, intervalMs }: WatchConfig) {
  return { name, tag, datacenter, intervalMs };
}
