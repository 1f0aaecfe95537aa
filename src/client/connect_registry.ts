/**
 * Connecting to the registry that a configuration names.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import type { Config, ConsulConfig } from "../config/config.ts";
import type { PilotedError } from "../errors.ts";
import { type Fetch, platformFetch } from "../platform_fetch.ts";
import { revealSecret } from "../secret.ts";
import type { Credentials } from "../source/consul_credentials.ts";
import type { Server } from "../registry/pinned_servers.ts";
import type { Registry } from "../registry/connection.ts";
import { REFUSAL_GRACE_MS } from "../registry/refusal_grace.ts";
import type { ResolvedOptions } from "./options.ts";

// Nothing is known of connections that somebody else makes, and they are not ours to close.
const GIVEN = { multiplexed: () => false, close: () => Promise.resolve() };

// Node, Bun and Deno resolve it to two addresses, of which an agent often listens on one.
const LOCAL = /^(localhost|[\d.]+|\[.*\])$/;

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
  const { createTransport } = await loadModule(() => import("../runtime/transport/transport.ts"));
  const { resolveHost } = await loadModule(() => import("../runtime/resolve_host.ts"));
  const { PinnedServers } = await loadModule(() => import("../registry/pinned_servers.ts"));
  const { consulCredentials } = await loadModule(() => import("./consul_access.ts"));

  const sourceOf = (consul: ConsulConfig, url: string, send: Fetch, credentials?: Credentials) => {
    const { token, httpAuth, namespace, partition } = consul;
    return new ConsulSource({
      url,
      token,
      httpAuth,
      namespace,
      partition,
      credentials,
      fetch: send,
      maxResponseBytes,
    });
  };

  return ({ consul }) => {
    const { tls, addresses = [consul.url] } = consul;
    // Well within the deadline of one server.
    const graceMs = Math.min(REFUSAL_GRACE_MS, requestTimeoutMs / 4);
    const credentials = consulCredentials(consul, clock, graceMs);
    // The platform's own fetch is all there is at the edge; certificates in files need more.
    const isSocket = (url: string) => url.startsWith("unix:");
    const plain = mode === "on-demand" && tls === undefined && !addresses.some(isSocket);
    const given = fetch ?? (plain ? platformFetch : undefined);
    const open = (url: string, host?: string): Registry => {
      if (given !== undefined) {
        return { source: sourceOf(consul, url, given, credentials), ...GIVEN };
      }
      const socketPath = isSocket(url) ? url.slice("unix://".length) : undefined;
      const connectTo = socketPath ? { socketPath } : host ? { host } : undefined;
      const transport = createTransport({ tls: socketPath ? undefined : tls, connectTo });
      const send: Fetch = socketPath === undefined
        ? transport.fetch
        : (input, init) => transport.fetch(String(input).replace(url, "http://localhost"), init);
      return {
        source: sourceOf(consul, url, send, credentials),
        multiplexed: () => transport.multiplexed,
        connecting: () => transport.connecting,
        close: () => transport.close(),
      };
    };
    const hasName = (url: string) => !isSocket(url) && !LOCAL.test(new URL(url).hostname);
    if (addresses.length === 1 && (given !== undefined || !hasName(consul.url))) {
      const registry = open(consul.url);
      if (credentials?.close === undefined) return registry;
      return {
        ...registry,
        close: async () => {
          await credentials.close?.();
          await registry.close();
        },
      };
    }
    const serversOf = async (url: string): Promise<readonly Server[]> => {
      const { hostname, port, protocol } = new URL(url);
      const number = Number(port || (protocol === "https:" ? 443 : 80));
      const hosts = given === undefined && hasName(url) ? await resolveHost(hostname, number) : [];
      // The runtime resolves a name with one address for each connection by itself.
      if (hosts.length < 2) return [{ address: url, open: () => open(url) }];
      return hosts.map((host) => ({ address: `${url} (${host})`, open: () => open(url, host) }));
    };
    // Each client begins at a server of its own, so that they share the work.
    const first = random();
    return new PinnedServers({
      find: async () => rotate((await Promise.all(addresses.map(serversOf))).flat(), first),
      clock,
      requestTimeoutMs,
      moved,
      closing: () => credentials?.close?.() ?? Promise.resolve(),
    });
  };
}

function rotate<T>(items: readonly T[], share: number): readonly T[] {
  const start = Math.floor(share * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

/**
 * Whether two configurations name the same registry, in the same way.
 *
 * @param a One.
 * @param b The other.
 * @returns `false` when addresses, the way to a token or TLS settings differ.
 */
export function isSameRegistry(a: Config, b: Config): boolean {
  // JSON shows stars in place of secrets, so they are compared by their text.
  const facts = ({ consul }: Config) =>
    JSON.stringify([
      consul,
      revealSecret(consul.token),
      revealSecret(consul.httpAuth),
      revealSecret(consul.tls?.keyFile),
    ]);
  return facts(a) === facts(b) && a.consul.tokenProvider === b.consul.tokenProvider;
}
