/**
 * Making a client.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import type { ConfigInput } from "../config/resolve_config.ts";
import { Events } from "../discovery/events.ts";
import type { PilotedOptions, ResolvedOptions } from "../discovery/options.ts";
import { Piloted } from "../discovery/piloted.ts";
import type { Registry } from "../discovery/piloted_parts.ts";
import { resolveOptions } from "../discovery/resolve_options.ts";

/** Options of {@linkcode createPiloted}: those of `config()` and its source. */
export interface CreatePilotedOptions extends PilotedOptions {
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
export function createPiloted(options: CreatePilotedOptions = {}): Promise<Piloted> {
  const { config, ...rest } = options;
  return startPiloted(config, rest, new Events());
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
    : await (await import("../discovery/snapshot_file.ts")).SnapshotFile.open(path);
  if (snapshotFile?.problem) events.emit("error", snapshotFile.problem);
  signal?.throwIfAborted();
  const piloted = new Piloted({ config, options, events, reload, connect, snapshotFile });
  const abort = () => void piloted.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await piloted.start();
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return piloted;
}

/** What connects to the registry of a configuration. */
async function connector(options: ResolvedOptions): Promise<(config: Config) => Registry> {
  const { source, fetch } = options;
  if (source !== undefined) return () => ({ source, close: async () => {} });
  const { ConsulSource } = await import("../source/consul.ts");
  if (fetch !== undefined) {
    return ({ consul: { url, token } }) => ({
      source: new ConsulSource({ url, token, fetch }),
      close: async () => {},
    });
  }
  const { createTransport } = await import("../runtime/transport.ts");
  return ({ consul: { url, token, tls } }) => {
    const transport = createTransport({ tls });
    return {
      source: new ConsulSource({ url, token, fetch: transport.fetch }),
      close: () => transport.close(),
    };
  };
}
