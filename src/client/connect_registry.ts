/**
 * Connecting to the registry that a configuration names.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import type { ConsulAddress } from "../access/consul_access.ts";
import type { Config } from "../config/config.ts";
import type { PilotedError } from "../errors.ts";
import { platformFetch } from "../platform_fetch.ts";
import type { Registry } from "../registry/connection.ts";
import { REFUSAL_GRACE_MS } from "../registry/refusal_grace.ts";
import type { Source } from "../source/source.ts";
import type { ResolvedOptions } from "./options.ts";
import { UpstreamRegistry } from "./upstream_registry.ts";

// Nothing is known of connections that somebody else makes, and they are not ours to close.
const GIVEN = { multiplexed: () => false, close: () => Promise.resolve() };

/**
 * Loads what connects to a registry.
 *
 * @param options A source or a `fetch` that replace the usual ones.
 * @param moved Is told when another server is used from now on.
 * @returns Connects to the registry of a configuration.
 */
export async function registryConnector(
  options: ResolvedOptions,
  moved?: (error: PilotedError) => void,
): Promise<(config: Config) => Registry> {
  const { source, fetch, mode, clock, random, requestTimeoutMs, maxResponseBytes } = options;
  if (source !== undefined) return () => ({ source, ...GIVEN });
  const { ConsulSource } = await loadModule(() => import("../source/consul.ts"));
  const { consulAccess } = await loadModule(() => import("../access/consul_access.ts"));
  const { PinnedServers } = await loadModule(() => import("../registry/pinned_servers.ts"));

  const { overriding } = await loadModule(() => import("../source/overriding.ts"));

  return ({ consul, upstream, static: overrides }) => {
    const overridden = (source: Source) =>
      overrides === undefined ? source : overriding(source, overrides);
    if (upstream !== undefined) return new UpstreamRegistry(upstream, options, overridden);
    const { tls, addresses = [consul.url] } = consul;
    // The platform's own fetch is all there is at the edge; certificates in files need more.
    const isPlain = mode === "on-demand" && tls === undefined &&
      !addresses.some((url) => url.startsWith("unix:"));
    const given = fetch ?? (isPlain ? platformFetch : undefined);
    // Well within the deadline of one server.
    const graceMs = Math.min(REFUSAL_GRACE_MS, requestTimeoutMs / 4);
    const access = consulAccess(consul, { clock, random, fetch: given, graceMs });
    const open = (server: ConsulAddress): Registry => {
      const { http, ...link } = server.open();
      const source = new ConsulSource({ ...http, maxResponseBytes });
      return { ...link, source: overridden(source) };
    };
    if (access.only !== undefined) {
      const registry = open(access.only);
      if (!access.hasLogin) return registry;
      return {
        ...registry,
        close: async () => {
          await access.close();
          await registry.close();
        },
      };
    }
    return new PinnedServers({
      find: async () => {
        const servers = await access.find();
        return servers.map((server) => ({ address: server.address, open: () => open(server) }));
      },
      clock,
      requestTimeoutMs,
      moved,
      closing: () => access.close(),
    });
  };
}
