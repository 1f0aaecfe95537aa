/**
 * Creating a client.
 *
 * @module
 */
import type { ConfigInput } from "../config/resolve_config.ts";
import { onAbort } from "../wait.ts";
import { Events } from "./events.ts";
import { logEvents } from "./log_events.ts";
import { type PilotedOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { Piloted } from "./piloted.ts";
import { RefreshSignal } from "./refresh_signal.ts";

/** Options of {@linkcode createPiloted}: those of `config()` and its source. */
export interface CreatePilotedOptions extends PilotedOptions {
  /**
   * The configuration: a path, a `file:` URL, or an object; `""` or nothing means the file that
   * the environment variable `CONTAINERPILOT` names.
   */
  config?: ConfigInput;
}

/**
 * Creates a client of your own, beside the default client of the module functions.
 *
 * @param options The configuration and options.
 * @returns The client, when every watched service has been read once; with mode `"on-demand"` at
 * once.
 * @throws {PilotedError} `CONFIG_NOT_FOUND`, `CONFIG_INVALID` or `TEMPLATE_INVALID` for the
 * configuration, `REGISTRY_UNREACHABLE`, `REGISTRY_DENIED` or `REGISTRY_RESPONSE` when the registry
 * gave no list at all (unless `onStartFailure` is `"background"`).
 * @throws {TypeError} when an option is unknown, of another kind, or not one of its words.
 * @throws {RangeError} when an option is out of its range.
 *
 * @example
 * ```ts
 * import { createPiloted } from "@piloted/core";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await using piloted = await createPiloted({
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 * });
 * assertEquals((await piloted.service("customers")).port, 8080);
 * ```
 *
 * @example Without loops, timers and signals, for edge runtimes
 * ```ts
 * import { createPiloted } from "@piloted/core";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * const piloted = await createPiloted({
 *   mode: "on-demand",
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 *   ttlMs: 5_000,
 * });
 * assertEquals((await piloted.service("customers")).port, 8080);
 * ```
 */
export async function createPiloted(options: CreatePilotedOptions = {}): Promise<Piloted> {
  const { config, ...rest } = options;
  const resolved = resolveOptions(rest);
  // Before any await: from the first call on a SIGHUP no longer ends the process.
  const refreshSignal = resolved.signals ? new RefreshSignal() : undefined;
  return await startPiloted(config, resolved, { events: new Events(), refreshSignal });
}

/** What exists before the client does. */
export interface Beginnings {
  /** Where events go. */
  readonly events: Events;
  /** SIGHUP, since the first call. */
  readonly refreshSignal: RefreshSignal | undefined;
  /** Ends the start early. */
  readonly signal?: AbortSignal;
}

/**
 * As {@linkcode createPiloted}, with listeners that are there before the client is.
 *
 * @param source The configuration.
 * @param options Options.
 * @param beginnings What exists already; the client closes it, also when it cannot start.
 * @throws The signal's own reason when it aborts.
 */
export async function startPiloted(
  source: ConfigInput | undefined,
  options: ResolvedOptions,
  beginnings: Beginnings,
): Promise<Piloted> {
  const { logger } = options;
  const stopLog = logger === undefined ? () => {} : logEvents(beginnings.events, logger);
  try {
    const piloted = await start(source, options, beginnings);
    onAbort(piloted.closeSignal, stopLog);
    return piloted;
  } catch (error) {
    beginnings.refreshSignal?.remove();
    stopLog();
    throw error;
  }
}

async function start(
  source: ConfigInput | undefined,
  options: ResolvedOptions,
  { events, refreshSignal, signal }: Beginnings,
): Promise<Piloted> {
  const { snapshotFile: path, env } = options;
  // Loaded only now: importing Piloted costs no parser, template or TLS before they are needed.
  const { resolveConfig } = await import("../config/resolve_config.ts");
  const reload = () => resolveConfig(source, { env });
  const config = await reload();
  const { registryConnector } = await import("./connect_registry.ts");
  const connect = await registryConnector(options);
  const snapshotFile = path === undefined
    ? undefined
    : await (await import("../watch/snapshot_file.ts")).SnapshotFile.open(path);
  for (const problem of snapshotFile?.problems ?? []) events.emit("error", problem);
  signal?.throwIfAborted();
  const piloted = new Piloted({
    config,
    options,
    events,
    reload,
    connect,
    snapshotFile,
    refreshSignal,
  });
  const remove = onAbort(signal, () => void piloted.close());
  try {
    await piloted.start();
  } finally {
    remove();
  }
  return piloted;
}
