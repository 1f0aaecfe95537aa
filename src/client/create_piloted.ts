/**
 * Creating a client.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import type { Watched } from "../config/config_object.ts";
import type { ConfigInput } from "../config/resolve_config.ts";
import type { NamesOf } from "../config/service_names.ts";
import { Events } from "./events.ts";
import { type PilotedOptions, resolveOptions } from "./options.ts";
import type { Piloted } from "./piloted.ts";
import { RefreshSignal } from "./refresh_signal.ts";

/** Options of {@linkcode createPiloted}: those of `config()` and its source. */
export interface CreatePilotedOptions<Watch extends Watched = Watched> extends PilotedOptions {
  /**
   * The configuration: a path, a `file:` URL, or an object; `""` or nothing means the file that
   * the environment variable `CONTAINERPILOT` names.
   */
  config?: ConfigInput<Watch> | undefined;
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
export function createPiloted<const Watch extends Watched = Watched>(
  options?: CreatePilotedOptions<Watch>,
): Promise<Piloted<NamesOf<Watch>>>;
export async function createPiloted(options: CreatePilotedOptions = {}): Promise<Piloted> {
  if (typeof options === "string" || options instanceof URL) {
    throw new TypeError(
      `Cannot use the options of createPiloted(): they must be an object, received ` +
        `${JSON.stringify(String(options))}; a path goes into the option config`,
    );
  }
  const { config, ...rest } = options;
  const resolved = resolveOptions(rest);
  // Before any await: from the first call on a SIGHUP no longer ends the process.
  const refreshSignal = resolved.signals ? new RefreshSignal() : undefined;
  const { startPiloted } = await loadModule(() => import("./start_piloted.ts"));
  return await startPiloted(config, resolved, { events: new Events(), refreshSignal });
}
