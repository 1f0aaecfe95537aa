/**
 * How the Consul of a configuration is reached, for watches and registrations alike: its addresses,
 * TLS settings, sockets and tokens.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { ConsulConfig } from "../config/config.ts";
import type { Fetch } from "../platform_fetch.ts";
import { resolveHost } from "../runtime/resolve_host.ts";
import { createTransport } from "../runtime/transport/transport.ts";
import type { ConsulHttpOptions } from "../source/consul_http.ts";
import { consulCredentials } from "./consul_credentials.ts";

/** An open way to one server. */
export interface ConsulLink {
  /** How requests are sent to it. */
  readonly http: ConsulHttpOptions;
  /** Whether requests share connections at present (HTTP/2). */
  multiplexed(): boolean;
  /** Whether a request waits for its connection to open; absent where that is not known. */
  connecting?(): boolean;
  /** Closes its connections. */
  close(): Promise<void>;
}

/** One of the servers of a configuration. */
export interface ConsulAddress {
  /** Tells it from others; shown in messages. */
  readonly address: string;
  /** Opens a way to it; nothing is sent yet. */
  open(): ConsulLink;
}

/** The servers of a configuration. */
export interface ConsulAccess {
  /** The only server, where the configuration has one address that needs no name resolution. */
  readonly only: ConsulAddress | undefined;
  /** Whether tokens have to be given up at the end, by `close()`. */
  readonly hasLogin: boolean;
  /** A server of the configuration by its address, without resolving its name. */
  at(url: string): ConsulAddress;
  /** Finds every server, in an order of this access's own. Never rejects. */
  find(): Promise<readonly ConsulAddress[]>;
  /** Gives up the tokens. Never rejects. */
  close(): Promise<void>;
}

/** Options of {@linkcode consulAccess}. */
export interface ConsulAccessOptions {
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1): each process begins at another server, so that they share the work. */
  readonly random: () => number;
  /** Milliseconds that a refused request waits for another token. */
  readonly graceMs: number;
  /** Sends the requests. @default {the runtime's, with the configured TLS} */
  readonly fetch?: Fetch | undefined;
}

// Node, Bun and Deno resolve it to two addresses, of which an agent often listens on one.
const LOCAL = /^(localhost|[\d.]+|\[.*\])$/;

/**
 * Reads from a configuration how Consul is reached. Nothing is opened or sent yet.
 *
 * @param consul The part of the configuration.
 * @param options Time, random numbers and what sends requests.
 */
export function consulAccess(consul: ConsulConfig, options: ConsulAccessOptions): ConsulAccess {
  const { clock, random, fetch, graceMs } = options;
  const { addresses = [consul.url] } = consul;
  const credentials = consulCredentials(consul, clock, graceMs);
  const { token, httpAuth, namespace, partition } = consul;
  const common = { token, httpAuth, namespace, partition, credentials };
  const serverAt = (url: string, host?: string): ConsulAddress => ({
    address: host === undefined ? url : `${url} (${host})`,
    open: () => open(consul, { ...common, url, fetch }, host),
  });
  const serversAt = async (url: string): Promise<readonly ConsulAddress[]> => {
    if (fetch !== undefined || !hasName(url)) return [serverAt(url)];
    const { hostname, port, protocol } = new URL(url);
    const number = Number(port || (protocol === "https:" ? 443 : 80));
    const hosts = await resolveHost(hostname, number);
    // The runtime resolves a name with one address for each connection by itself.
    return hosts.length < 2 ? [serverAt(url)] : hosts.map((host) => serverAt(url, host));
  };
  const isOne = addresses.length === 1 && (fetch !== undefined || !hasName(consul.url));
  const first = isOne ? 0 : random();
  return {
    only: isOne ? serverAt(consul.url) : undefined,
    at: (url) => serverAt(url),
    hasLogin: credentials?.close !== undefined,
    find: async () => rotate((await Promise.all(addresses.map(serversAt))).flat(), first),
    close: () => credentials?.close?.() ?? Promise.resolve(),
  };
}

function open(consul: ConsulConfig, http: ConsulHttpOptions, host: string | undefined): ConsulLink {
  const { url, fetch } = http;
  // Nothing is known of connections that somebody else makes, and they are not ours to close.
  if (fetch !== undefined) {
    return { http, multiplexed: () => false, close: () => Promise.resolve() };
  }
  const socketPath = isSocket(url) ? url.slice("unix://".length) : undefined;
  const connectTo = socketPath ? { socketPath } : host ? { host } : undefined;
  const transport = createTransport({ tls: socketPath ? undefined : consul.tls, connectTo });
  const send: Fetch = socketPath === undefined
    ? transport.fetch
    : (input, init) => transport.fetch(String(input).replace(url, "http://localhost"), init);
  return {
    http: { ...http, fetch: send },
    multiplexed: () => transport.multiplexed,
    connecting: () => transport.connecting,
    close: () => transport.close(),
  };
}

function isSocket(url: string): boolean {
  return url.startsWith("unix:");
}

function hasName(url: string): boolean {
  return !isSocket(url) && !LOCAL.test(new URL(url).hostname);
}

function rotate<T>(items: readonly T[], share: number): readonly T[] {
  const start = Math.floor(share * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
