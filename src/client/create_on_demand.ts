/**
 * Making a client for places where nothing runs between two requests.
 *
 * @module
 */
import type { Fetch } from "../platform_fetch.ts";
import type { ConfigInput } from "../config/resolve_config.ts";
import { OnDemandPiloted } from "./on_demand.ts";
import type { PilotedOptions } from "./options.ts";
import { resolveOptions } from "./resolve_options.ts";
import { connector } from "./connect_registry.ts";

/** Options of `createPiloted()` with `mode: "on-demand"`. */
export interface OnDemandOptions extends
  Pick<
    PilotedOptions,
    "balancer" | "clock" | "env" | "fetch" | "health" | "random" | "requestTimeoutMs" | "source"
  > {
  /** Asks when somebody looks up, and never otherwise. */
  mode: "on-demand";
  /** The configuration; at the edge an object. */
  config?: ConfigInput;
  /** How long a list counts as fresh, in milliseconds. @default {5_000} */
  ttlMs?: number;
  /**
   * How long after that a list is still given at once while a new one is on its way, in
   * milliseconds. After that a lookup waits for the new one.
   *
   * @default {60_000}
   */
  staleMs?: number;
}

/**
 * Makes a client that asks nothing before somebody looks up.
 *
 * @param options The configuration and options.
 * @returns The client. Nothing was asked yet.
 * @throws {PilotedError} as `createPiloted()` for the configuration.
 * @throws {RangeError} when a number is out of its range.
 */
export async function createOnDemand(options: OnDemandOptions): Promise<OnDemandPiloted> {
  const { config: input, ttlMs = 5_000, staleMs = 60_000, mode: _mode, ...rest } = options;
  for (const [name, value] of Object.entries({ ttlMs, staleMs })) {
    if (!(value >= 0)) {
      throw new RangeError(`Cannot use option ${name}: it must be at least 0, received ${value}`);
    }
  }
  // The platform's own fetch is all there is at the edge; certificates in files need more.
  const { resolveConfig } = await import("../config/resolve_config.ts");
  const config = await resolveConfig(input, { env: options.env });
  const plain = config.consul.tls === undefined ? platformFetch : undefined;
  const resolved = resolveOptions({ ...rest, fetch: options.fetch ?? plain });
  const { health, clock, random, requestTimeoutMs, balancer } = resolved;
  const { source, close } = (await connector(resolved))(config);
  return new OnDemandPiloted(config, {
    source,
    health,
    clock,
    random,
    ttlMs,
    staleMs,
    requestTimeoutMs,
    balancer,
  }, close);
}

// workerd refuses a fetch that is called as somebody's method.
const platformFetch: Fetch = (input, init) => fetch(input, init);
