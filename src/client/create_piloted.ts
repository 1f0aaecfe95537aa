/**
 * Making a client.
 *
 * @module
 */
import type { ConfigInput } from "../config/resolve_config.ts";
import { Events } from "./events.ts";
import type { OnDemandPiloted } from "./on_demand.ts";
import type { PilotedOptions } from "./options.ts";
import { Piloted } from "./piloted.ts";
import { resolveOptions } from "./resolve_options.ts";
import { connector } from "./connect_registry.ts";
import { createFetch } from "./create_fetch.ts";
import type { OnDemandOptions } from "./create_on_demand.ts";

/** Options of {@linkcode createPiloted}: those of `config()` and its source. */
export interface CreatePilotedOptions extends PilotedOptions {
  /** Keeps the lists fresh by itself; see {@linkcode OnDemandOptions} for the other. @default {"live"} */
  mode?: "live";
  /**
   * The configuration: a path, a `file:` URL, or an object; `""` or nothing means the file that
   * the environment variable `CONTAINERPILOT` names.
   */
  config?: ConfigInput;
}

/**
 * Makes a client of your own, beside the default instance of the module functions.
 *
 * @param options The configuration and options.
 * @returns The client, when every watched service has been asked for once.
 * @throws {PilotedError} `CONFIG_NOT_FOUND`, `CONFIG_INVALID` or `TEMPLATE_INVALID` for the
 * configuration, `REGISTRY_UNREACHABLE`, `REGISTRY_DENIED` or `REGISTRY_RESPONSE` when the
 * registry answered nothing (unless `onStartFailure` is `"background"`).
 * @throws {TypeError} when an option is not one of its words.
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
 */
export function createPiloted(options?: CreatePilotedOptions): Promise<Piloted>;
/**
 * Makes a client that asks nothing before somebody looks up: no loops, timers or signals, for edge
 * runtimes.
 *
 * @param options The configuration and options.
 * @returns The client. Nothing was asked yet.
 * @throws {PilotedError} `CONFIG_NOT_FOUND`, `CONFIG_INVALID` or `TEMPLATE_INVALID`.
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
 * const piloted = await createPiloted({
 *   mode: "on-demand",
 *   config: { consul: "127.0.0.1:8500", watches: [{ name: "customers" }] },
 *   fetch: consul.fetch,
 *   ttlMs: 5_000,
 * });
 * assertEquals((await piloted.service("customers")).port, 8080);
 * ```
 */
export function createPiloted(options: OnDemandOptions): Promise<OnDemandPiloted>;
export async function createPiloted(
  options: CreatePilotedOptions | OnDemandOptions = {},
): Promise<Piloted | OnDemandPiloted> {
  if (options.mode === "on-demand") {
    const { createOnDemand } = await import("./create_on_demand.ts");
    return await createOnDemand(options);
  }
  const { config, mode = "live", ...rest } = options;
  if (mode !== "live") {
    throw new TypeError(
      `Cannot use option mode: it must be one of live, on-demand, received ${String(mode)}`,
    );
  }
  return await startPiloted(config, rest, new Events());
}

/**
 * As {@linkcode createPiloted}, with listeners that are there before the client is.
 *
 * @param source The configuration.
 * @param given Options.
 * @param events Where events go.
 * @param signal Ends the start early.
 * @throws The signal's own reason when it aborts.
 */
export async function startPiloted(
  source: ConfigInput | undefined,
  given: PilotedOptions,
  events: Events,
  signal?: AbortSignal,
): Promise<Piloted> {
  const options = resolveOptions(given);
  // Loaded only now: who imports Piloted pays for no parser, template or TLS before it is needed.
  const { resolveConfig } = await import("../config/resolve_config.ts");
  const reload = () => resolveConfig(source, { env: options.env });
  const config = await reload();
  const connect = await connector(options);
  const { snapshotFile: path } = options;
  const snapshotFile = path === undefined
    ? undefined
    : await (await import("../watch/snapshot_file.ts")).SnapshotFile.open(path);
  if (snapshotFile?.problem) events.emit("error", snapshotFile.problem);
  signal?.throwIfAborted();
  const piloted = new Piloted({
    config,
    options,
    events,
    reload,
    connect,
    createFetch,
    snapshotFile,
  });
  const abort = () => void piloted.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await piloted.start();
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return piloted;
}
