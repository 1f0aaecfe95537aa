/**
 * A server on Deno.
 *
 * `Deno.serve()` has no limit on connections and no timeouts
 * (https://github.com/denoland/deno/issues/3515), and ends the process when too many files are open.
 * So connections are accepted here, and each is given to the part of `Deno.serve()` that answers the
 * requests of one connection, at the same speed. Deno exports that part for its own tests only; where
 * it is missing, `node:http` answers, at a third of the speed.
 *
 * @module
 */
import { OpenConnections } from "./open_connections.ts";
import type { Address, FetchHandler, Server, ServerLimits } from "./server.ts";

type DenoHandler = (
  request: Request,
  info: { readonly completed: Promise<void> },
) => Response | Promise<Response>;

interface DenoListener {
  readonly addr: { readonly port?: number };
  accept(): Promise<{ close(): void }>;
  close(): void;
}

type ServeConnection = (
  connection: unknown,
  signal: AbortSignal,
  handler: DenoHandler,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => { readonly finished: Promise<void>; shutdown(): Promise<void> };

/** What is used of the global object `Deno`. */
export interface DenoRuntime {
  /** Key of what Deno exports for its tests. */
  readonly internal: symbol;
  listen(options: Address & { readonly transport?: "unix" }): DenoListener;
}

// After a failure to accept; connections that were just closed need a moment.
const ACCEPT_PAUSE_MS = 50;
const SWEEP_MS = 1_000;

/**
 * Finds the part of `Deno.serve()` that serves one connection.
 *
 * @param deno The global object.
 * @returns The function; `undefined` where this version of Deno does not have it.
 */
export function findServeConnection(deno: DenoRuntime): ServeConnection | undefined {
  const internals = (deno as unknown as Record<symbol, unknown>)[deno.internal] as
    | { serveHttpOnConnection?: unknown }
    | undefined;
  const found = internals?.serveHttpOnConnection;
  return typeof found === "function" ? found as ServeConnection : undefined;
}

/**
 * Listens.
 *
 * @param deno The global object.
 * @param serve Serves one connection.
 * @param handler Answers the requests.
 * @param address Where.
 * @param limits What clients may take.
 * @returns The server.
 * @throws {Error} Deno's own, when the address can't be taken.
 */
export function startDeno(
  deno: DenoRuntime,
  serve: ServeConnection,
  handler: FetchHandler,
  address: Address,
  limits: ServerLimits,
): Server {
  const listener = deno.listen({
    ...address,
    ...address.path === undefined ? {} : { transport: "unix" as const },
  });
  const connections = new OpenConnections(limits);
  const finished = new Set<Promise<void>>();
  let drained: (() => void) | undefined;
  const sweeper = setInterval(() => connections.sweep(), SWEEP_MS);
  let isClosed = false;
  const accepting = acceptAll();

  return {
    port: listener.addr.port ?? 0,
    async drain() {
      isClosed = true;
      listener.close();
      clearInterval(sweeper);
      // Until then the operating system goes on accepting.
      await accepting;
      connections.cutIdle();
      await new Promise<void>((resolve) => {
        drained = resolve;
        if (connections.requestCount === 0) resolve();
      });
      connections.cutAll();
      await Promise.all(finished);
    },
    cut() {
      connections.cutAll();
      drained?.();
    },
  };

  async function acceptAll(): Promise<void> {
    while (true) {
      try {
        const accepted = await listener.accept();
        if (isClosed) accepted.close();
        else open(accepted);
      } catch {
        if (isClosed) return;
        connections.shed();
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  function open(accepted: unknown): void {
    const abort = quietController();
    const connection = connections.add(() => abort.abort());
    const counted: DenoHandler = (request, info) => {
      if (drained !== undefined) return new Response(null, { status: 503 });
      connection.begin();
      const done = () => {
        connection.end();
        if (connections.requestCount === 0) drained?.();
      };
      info.completed.then(done, done);
      return handler(request, info);
    };
    const failed = () => new Response("Internal Server Error", { status: 500 });
    const server = serve(accepted, abort.signal, counted, failed, () => {});
    const served = server.finished.then(
      () => connection.closed(),
      async () => {
        connection.closed();
        // Deno keeps the resource of a connection that ended with an error.
        await server.shutdown();
      },
    ).catch(() => {});
    finished.add(served);
    served.then(() => finished.delete(served));
  }
}

/**
 * A controller whose listeners cannot end the process: Deno's own throws "Bad resource ID" when the
 * connection has just ended by itself, and an error in a listener is an uncaught one.
 */
function quietController(): AbortController {
  const abort = new AbortController();
  const { signal } = abort;
  const add = signal.addEventListener.bind(signal) as (
    type: string,
    listener: (event: Event) => void,
    options?: unknown,
  ) => void;
  const quiet: typeof add = (type, listener, options) =>
    add(type, (event) => {
      try {
        listener(event);
      } catch {
        // There is nothing left to cut.
      }
    }, options);
  signal.addEventListener = quiet as typeof signal.addEventListener;
  return abort;
}
