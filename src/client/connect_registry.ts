/**
 * Connecting to the registry.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Registry } from "./piloted_parts.ts";

// Of connections that somebody else makes nothing is known, and they are not ours to close.
const GIVEN = { multiplexed: () => false, close: () => Promise.resolve() };

/**
 * What connects to the registry of a configuration, loaded only now.
 *
 * @param options A source or a `fetch` that stand in for the usual ones.
 * @returns Makes a connection.
 */
export async function connector(options: ResolvedOptions): Promise<(config: Config) => Registry> {
  const { source, fetch } = options;
  if (source !== undefined) return () => ({ source, ...GIVEN });
  const { ConsulSource } = await import("../source/consul.ts");
  if (fetch !== undefined) {
    return ({ consul: { url, token } }) => ({
      source: new ConsulSource({ url, token, fetch }),
      ...GIVEN,
    });
  }
  const { createTransport } = await import("../runtime/transport.ts");
  return ({ consul: { url, token, tls } }) => {
    const transport = createTransport({ tls });
    return {
      source: new ConsulSource({ url, token, fetch: transport.fetch }),
      multiplexed: () => transport.multiplexed,
      close: () => transport.close(),
    };
  };
}
