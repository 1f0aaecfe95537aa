/**
 * An HTTP server of the runtime at hand for a `fetch` handler.
 *
 * @module
 */
import { formatHost } from "../endpoint.ts";
import { onAbort } from "../wait.ts";

/** Answers one request. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

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
  /** Closes the listener. */
  signal?: AbortSignal | undefined;
  /** Told of what the handler threw; the client gets a 500 without details. */
  onError?: ((error: unknown) => void) | undefined;
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

// One per runtime: what is left of its server once it listens.
interface Server {
  readonly port: number;
  /** Takes no more connections; resolves when the last request was answered. */
  drain(): Promise<unknown>;
  /** Cuts what is left. */
  cut(): unknown;
}

/**
 * Listens on Deno, Bun or Node. A request may stay open as long as it likes: no idle timeout.
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
  signal?.throwIfAborted();
  const failed = (error: unknown): Response => {
    onError?.(error);
    return new Response("Internal Server Error", { status: 500 });
  };
  // An answer that is there at once needs no promise, which costs a lookup a tenth of its time.
  const guarded = (request: Request): Response | Promise<Response> => {
    try {
      const response = handler(request);
      return response instanceof Promise ? response.catch(failed) : response;
    } catch (error) {
      return failed(error);
    }
  };
  const server = await start(guarded, path === undefined ? { hostname, port } : { path });
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

/** Where a server listens. */
type Address =
  | { readonly hostname: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string };

interface DenoServer {
  readonly addr: { readonly port?: number };
  readonly finished: Promise<void>;
}

type DenoHandler = (
  request: Request,
  info: { readonly completed: Promise<void> },
) => Response | Promise<Response>;

interface BunServer {
  readonly port?: number;
  stop(closeActiveConnections?: boolean): Promise<void>;
}

interface NodeServer {
  closeIdleConnections(): void;
}

interface Runtime {
  Deno?: {
    serve(
      options: Address & { signal: AbortSignal; onListen(): void },
      handler: DenoHandler,
    ): DenoServer;
  };
  Bun?: {
    serve(
      options: ({ hostname: string; port: number } | { unix: string }) & {
        idleTimeout: number;
        fetch: FetchHandler;
      },
    ): BunServer;
  };
}

function start(handler: FetchHandler, address: Address): Promise<Server> | Server {
  const { Deno, Bun } = globalThis as unknown as Runtime;
  if (Deno?.serve) return startDeno(Deno.serve, handler, address);
  if (Bun?.serve) {
    const where = address.path === undefined ? address : { unix: address.path };
    const server = Bun.serve({ ...where, idleTimeout: 0, fetch: handler });
    return { port: server.port ?? 0, drain: () => server.stop(), cut: () => server.stop(true) };
  }
  return startNode(handler, address);
}

// Deno's own shutdown() waits for ever and can't be cut short any more; aborting cuts at once. So the
// requests under way are counted here, and the abort comes when there are none.
function startDeno(
  serve: NonNullable<Runtime["Deno"]>["serve"],
  handler: FetchHandler,
  address: Address,
): Server {
  const abort = new AbortController();
  let active = 0;
  let drained: (() => void) | undefined;
  const done = () => {
    active--;
    if (active === 0) drained?.();
  };
  const counted: DenoHandler = (request, info) => {
    if (drained !== undefined) return new Response(null, { status: 503 });
    active++;
    info.completed.then(done, done);
    return handler(request);
  };
  const server = serve({ ...address, signal: abort.signal, onListen() {} }, counted);
  return {
    port: server.addr.port ?? 0,
    async drain() {
      await new Promise<void>((resolve) => {
        drained = resolve;
        if (active === 0) resolve();
      });
      abort.abort();
      await server.finished;
    },
    cut: () => drained?.(),
  };
}

const IDLE_CHECK_MS = 10;

function closeIdle(server: object): void {
  if ("closeIdleConnections" in server) (server as NodeServer).closeIdleConnections();
}

async function startNode(
  handler: FetchHandler,
  address: Address,
): Promise<Server> {
  const { createAdaptorServer } = await import("@hono/node-server");
  const server = createAdaptorServer({ fetch: handler, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const listening = () => {
      server.off("error", reject);
      resolve();
    };
    if (address.path === undefined) server.listen(address.port, address.hostname, listening);
    else server.listen(address.path, listening);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    drain: () =>
      new Promise<void>((resolve) => {
        // A connection whose last answer comes after close() stays open for its next request, so it
        // is looked for again until none is left.
        const again = setInterval(() => closeIdle(server), IDLE_CHECK_MS);
        server.close(() => {
          clearInterval(again);
          resolve();
        });
        closeIdle(server);
      }),
    cut() {
      if ("closeAllConnections" in server) server.closeAllConnections();
    },
  };
}
