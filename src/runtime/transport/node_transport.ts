/**
 * A transport over Node's own modules, which Deno and Bun have too.
 *
 * @module
 */
import type { Fetch } from "../../platform_fetch.ts";
import type { TlsConfig } from "../../config/config.ts";
import type { ConnectTo, Transport } from "./contract.ts";
import { type Agent, builtin, type HttpModule } from "./node_builtins.ts";
import { closeAgent, IDLE_MS, isConnecting, sendHttp1 } from "./http1.ts";
import { TlsPool } from "./tls_pool.ts";
import { transportClosed, type WireRequest } from "./response.ts";

/** How the connections are made. */
export interface NodeTransportOptions {
  /** Certificates, keys and what to verify. @default {the runtime's own authorities, verified} */
  tls?: TlsConfig | undefined;
  /** Where to connect to, instead of the host of each address. @default {undefined} */
  connectTo?: ConnectTo | undefined;
  /** Milliseconds until a connection of HTTP/2 that may be dead must send a pong. @default {5_000} */
  pingTimeoutMs?: number;
}

/**
 * Creates a transport over `node:http`, `node:https` and `node:http2`.
 *
 * @param options How the connections are made.
 * @returns The transport, or `undefined` where the runtime does not have these modules.
 */
export function createNodeTransport(options: NodeTransportOptions = {}): Transport | undefined {
  const http = builtin("node:http");
  return http === undefined ? undefined : new NodeTransport(http, options);
}

class NodeTransport implements Transport {
  readonly fetch: Fetch;
  readonly #http: HttpModule;
  readonly #agent: Agent;
  readonly #options: NodeTransportOptions;
  readonly #pools = new Map<string, TlsPool>();
  #closing: Promise<void> | undefined;

  constructor(http: HttpModule, options: NodeTransportOptions) {
    this.#http = http;
    this.#agent = new http.Agent({ keepAlive: true, timeout: IDLE_MS });
    this.#options = options;
    this.fetch = ((input, init) => this.#fetch(input, init)) as Fetch;
  }

  get multiplexed(): boolean {
    for (const pool of this.#pools.values()) if (pool.multiplexed) return true;
    return false;
  }

  get connecting(): boolean {
    if (isConnecting(this.#agent)) return true;
    for (const pool of this.#pools.values()) if (pool.connecting) return true;
    return false;
  }

  close(): Promise<void> {
    return this.#closing ??= Promise.all([
      closeAgent(this.#agent),
      ...[...this.#pools.values()].map((pool) => pool.close()),
    ]).then(() => {});
  }

  async #fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = await wireRequest(input, init);
    request.signal?.throwIfAborted();
    if (this.#closing !== undefined) throw transportClosed();
    const { protocol } = request.url;
    if (protocol === "http:") {
      const { connectTo } = this.#options;
      return await sendHttp1(this.#http, this.#agent, request, { connectTo });
    }
    if (protocol === "https:") return await this.#pool(request.url).send(request);
    throw new TypeError(`Cannot fetch: the scheme must be http or https, received ${protocol}`);
  }

  #pool(url: URL): TlsPool {
    let pool = this.#pools.get(url.origin);
    if (pool === undefined) {
      const { tls = { verify: true }, pingTimeoutMs, connectTo } = this.#options;
      this.#pools.set(url.origin, pool = new TlsPool(url, tls, pingTimeoutMs, connectTo));
    }
    return pool;
  }
}

// Request reads every form of arguments that fetch() takes. Its own signal would be a second one
// that follows the caller's, so the caller's is used directly.
async function wireRequest(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<WireRequest> {
  const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
  // Bun's types have no overload that takes all three.
  const request = new Request(input as Request, { ...init, signal: null });
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  return {
    url: new URL(request.url),
    method: request.method,
    headers: {
      ...Object.fromEntries(request.headers),
      ...(body !== undefined && { "content-length": String(body.byteLength) }),
    },
    body,
    signal,
  };
}
