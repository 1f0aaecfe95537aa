/**
 * Connecting to the registry that a configuration names.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import type { Config } from "../config/config.ts";
import { platformFetch } from "../platform_fetch.ts";
import { revealSecret } from "../secret.ts";
import type { Registry } from "../registry/session.ts";
import type { ResolvedOptions } from "./options.ts";

// Nothing is known of connections that somebody else makes, and they are not ours to close.
const GIVEN = { multiplexed: () => false, close: () => Promise.resolve() };

/**
 * Loads what connects to a registry.
 *
 * @param options A source or a `fetch` that replace the usual ones.
 * @returns Connects to the registry of a configuration.
 */
export async function registryConnector(
  options: ResolvedOptions,
): Promise<(config: Config) => Registry> {
  const { source, fetch, mode } = options;
  if (source !== undefined) return () => ({ source, ...GIVEN });
  const { ConsulSource } = await loadModule(() => import("../source/consul.ts"));
  const { createTransport } = await loadModule(() => import("../runtime/transport/transport.ts"));
  return ({ consul: { url, token, tls } }) => {
    // The platform's own fetch is all there is at the edge; certificates in files need more.
    const given = fetch ?? (mode === "on-demand" && tls === undefined ? platformFetch : undefined);
    if (given !== undefined) {
      return { source: new ConsulSource({ url, token, fetch: given }), ...GIVEN };
    }
    const transport = createTransport({ tls });
    return {
      source: new ConsulSource({ url, token, fetch: transport.fetch }),
      multiplexed: () => transport.multiplexed,
      close: () => transport.close(),
    };
  };
}

/**
 * Whether two configurations name the same registry, in the same way.
 *
 * @param a One.
 * @param b The other.
 * @returns `false` when address, token or TLS settings differ.
 */
export function isSameRegistry(a: Config, b: Config): boolean {
  // JSON shows stars in place of secrets, so they are compared by their text.
  const facts = ({ consul: { url, token, tls } }: Config) =>
    JSON.stringify([url, revealSecret(token), tls, revealSecret(tls?.keyFile)]);
  return facts(a) === facts(b);
}
