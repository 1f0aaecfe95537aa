/**
 * An HTTP server of the runtime at hand for a `fetch` handler.
 *
 * @module
 */
import { formatHost } from "../endpoint.ts";
import { onAbort } from "../wait.ts";
import type { BunRuntime } from "./listen_bun.ts";
import type { DenoRuntime } from "./listen_deno.ts";
import type {
  Address,
  FetchHandler,
  RefusedRequest,
  Server,
  ServerLimits,
  ShedReason,
} from "./server.ts";

/** Where and how to listen. */
export interface ListenOptions {
  /** Address to listen on. @default {"127.0.0.1"} */
  hostname?: string | undefined;
  /** TCP port; 0 takes any free one. @default {0} */
  port?: number | undefined;
  /** Path of a unix socket to listen on instead of `hostname` and `port`. @default {undefined} */
  path?: string | undefined;
  /** Milliseconds that `close()` gives requests under way before it cuts them. @default {1_000} */
  graceMs?: number | undefined;
  /**
   * Maximum number of open connections. One more closes the one that has been idle longest, or the
   * oldest when none is idle. Bun counts all open files instead. @default {no limit}
   */
  maxConnections?: number | undefined;
  /**
   * Milliseconds that a client has to send a request. On Deno the head alone; on Bun without any byte,
   * and for as long as `keepAliveMs`. @default {30_000}
   */
  requestTimeoutMs?: number | undefined;
  /**
   * Milliseconds that a connection is kept for its next request; longer than the 75 s of usual
   * load balancers, which must be the first to close. @default {80_000}
   */
  keepAliveMs?: number | undefined;
  /** Closes the listener. */
  signal?: AbortSignal | undefined;
  /** Told of what the handler threw; the client gets a 500 without details. */
  onError?: ((error: unknown) => void) | undefined;
  /** Told how many connections were closed to make room for new ones, and why. */
  onShed?: ((reason: ShedReason, count: number) => void) | undefined;
  /** Told of requests that were answered without the handler. Only Node has any. */
  onRefused?: ((request: RefusedRequest) => void) | undefined;
}

/** A server that listens. */
export interface Listener {
  /** `http://host:port`, without a slash at the end, or `unix://` and a path. */
  readonly url: string;
  /** Address that it listens on. */
  readonly hostname: string;
  /** TCP port that it listens on; 0 for a unix socket. */
  readonly port: number;
  /**
   * Stops listening, lets requests under way end for at most `graceMs` and closes every connection.
   * Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Listens on Deno, Bun or Node. Answering a request may take as long as it likes, sending one may not.
 *
 * @param handler Answers the requests.
 * @param options Where and how.
 * @returns The listener, once it accepts connections.
 * @throws {Error} when the address can't be taken, as the runtime says it.
 * @throws The reason of `signal` when it has aborted before.
 */
export async function listen(
  handler: FetchHandler,
  options: ListenOptions = {},
): Promise<Listener> {
  const { hostname = "127.0.0.1", port = 0, path, graceMs = 1_000, signal, onError } = options;
  const limits: ServerLimits = {
    maxConnections: options.maxConnections ?? Infinity,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    keepAliveMs: options.keepAliveMs ?? 80_000,
    onShed: options.onShed ?? (() => {}),
    onRefused: options.onRefused ?? (() => {}),
  };
  signal?.throwIfAborted();
  const failed = (error: unknown): Response => {
    onError?.(error);
    return new Response("Internal Server Error", { status: 500 });
  };
  // An answer that is there at once needs no promise, which costs a lookup a tenth of its time.
  const guarded: FetchHandler = (request, info) => {
    try {
      const response = handler(request, info);
      return response instanceof Promise ? response.catch(failed) : response;
    } catch (error) {
      return failed(error);
    }
  };
  const server = await start(guarded, path === undefined ? { hostname, port } : { path }, limits);
  let removeAbort = () => {};
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    removeAbort();
    return closed ??= closeServer(server, graceMs);
  };
  removeAbort = onAbort(signal, () => void close());
  return {
    url: path === undefined ? `http://${formatHost(hostname, server.port)}` : `unix://${path}`,
    hostname,
    port: server.port,
    close,
  };
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const drained = server.drain();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), graceMs);
  });
  const outcome = await Promise.race([drained, late]);
  clearTimeout(timer);
  if (outcome === "late") await server.cut();
  await drained;
}

interface Runtime {
  Deno?: DenoRuntime;
  Bun?: BunRuntime;
}

async function start(
  handler: FetchHandler,
  address: Address,
  limits: ServerLimits,
): Promise<Server> {
  const { Deno, Bun } = globalThis as unknown as Runtime;
  if (Bun !== undefined) {
    const { startBun } = await import("./listen_bun.ts");
    return startBun(Bun, handler, address, limits);
  }
  if (Deno !== undefined) {
    const { findServeConnection, startDeno } = await import("./listen_deno.ts");
    const serve = findServeConnection(Deno);
    if (serve !== undefined) return startDeno(Deno, serve, handler, address, limits);
  }
  const { startNode } = await import("./listen_node.ts");
  return await startNode(handler, address, limits);
}
