/**
 * HTTP requests to the registry, on every runtime.
 *
 * @module
 */
import type { Fetch } from "../../platform_fetch.ts";
import type { TlsConfig } from "../../config/config.ts";
import { PilotedError } from "../../errors.ts";
import type { ConnectTo, Transport } from "./contract.ts";
import { decompress } from "./decompress.ts";
import { IDLE_MS } from "./http1.ts";
import { createNodeTransport } from "./node_transport.ts";
import { transportClosed } from "./response.ts";

/** How a transport connects. */
export interface TransportOptions {
  /** TLS settings for `https:` addresses. @default {the runtime's own authorities, verified} */
  readonly tls?: TlsConfig | undefined;
  /** Where to connect to, instead of the host of each address. @default {undefined} */
  readonly connectTo?: ConnectTo | undefined;
}

// The little of each runtime that is used here.
interface Runtime {
  Deno?: { createHttpClient?(options: { poolIdleTimeout: number }): DenoClient };
  navigator?: { userAgent?: string };
}

interface DenoClient {
  close(): void;
}

/**
 * Creates the transport for this runtime.
 *
 * With TLS settings or `connectTo`: `node:http2` and `node:https`, which Deno and Bun have too; files are read when
 * a connection is made. Without: the global `fetch` on Deno, with a connection pool of its own;
 * `node:http` on Node, whose `fetch` was measured to wait for ever when Consul closes a connection
 * over its limit, and on Bun, whose `fetch` allows 256 concurrent requests in the whole process, so
 * that long polls would delay the application's own; the plain global `fetch` elsewhere.
 *
 * @param options How to connect.
 * @returns The transport. It opens nothing before the first request.
 * @throws {PilotedError} `CONFIG_INVALID` when there are TLS settings on a runtime without sockets.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createTransport } from "./transport.ts";
 *
 * const transport = createTransport({ tls: { caFile: "ca.pem", verify: true } });
 * assertEquals(transport.multiplexed, false);
 * await transport.close();
 * ```
 */
export function createTransport(options: TransportOptions = {}): Transport {
  const { tls, connectTo } = options;
  if (tls !== undefined || connectTo !== undefined) {
    const transport = createNodeTransport({ tls, connectTo });
    if (transport !== undefined) return transport;
    const what = tls === undefined ? "a socket or an address of a name" : "TLS settings";
    throw new PilotedError("CONFIG_INVALID", `Cannot use ${what}: this runtime has no sockets`);
  }
  const { Deno: deno, navigator } = globalThis as unknown as Runtime;
  if (deno !== undefined) {
    return fetchTransport(() => deno.createHttpClient?.({ poolIdleTimeout: IDLE_MS }));
  }
  // Node 20 has no navigator yet; edge runtimes that imitate Node have one of another name.
  const isServer = /^(Node\.js|Bun)\b/.test(navigator?.userAgent ?? "Node.js");
  return (isServer ? createNodeTransport() : undefined) ?? fetchTransport(() => undefined);
}

function fetchTransport(open: () => DenoClient | undefined): Transport {
  let client: DenoClient | undefined;
  let closed = false;
  return {
    // The global is looked up at every call, so that it can be replaced.
    fetch: (async (input: string | URL | Request, init?: RequestInit) => {
      init?.signal?.throwIfAborted();
      if (closed) throw transportClosed();
      client ??= open();
      if (client === undefined) return await fetch(input, init);
      const response = await fetch(input, { ...init, client } as RequestInit);
      // Deno decodes these two itself, whether or not it leaves the header.
      const encoding = response.headers.get("content-encoding") ?? "gzip";
      if (response.body === null || /^(gzip|br|identity)$/i.test(encoding)) return response;
      const { status, statusText } = response;
      const headers = new Headers(response.headers);
      const body = decompress(response.body, headers, new URL(response.url).origin);
      return new Response(body, { status, statusText, headers });
    }) as Fetch,
    multiplexed: false,
    connecting: false,
    close() {
      closed = true;
      client?.close();
      client = undefined;
      return Promise.resolve();
    },
  };
}
