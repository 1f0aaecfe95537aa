/**
 * A server on Node, and on versions of Deno without a better way.
 *
 * @module
 */
import { type Connection, OpenConnections } from "./open_connections.ts";
import type { Address, FetchHandler, Server, ServerLimits } from "./server.ts";

interface Socket {
  destroy(): void;
  once(name: "close", listener: () => void): unknown;
}

interface Incoming {
  readonly socket: Socket;
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Whether the handler has seen it. */
  [HANDLED]?: boolean;
}

interface Outgoing {
  readonly statusCode: number;
  once(name: "close", listener: () => void): unknown;
}

type Listener = (incoming: Incoming, outgoing: Outgoing) => void;

/** Requests of one connection. */
interface Pipeline {
  readonly connection: Connection;
  readonly waiting: (() => void)[];
  isBusy: boolean;
}

const HANDLED = Symbol("handled");

const SWEEP_MS = 1_000;
const MAX_PIPELINED = 256;
const IDLE_CHECK_MS = 10;

/**
 * Listens.
 *
 * @param handler Answers the requests.
 * @param address Where.
 * @param limits What clients may take.
 * @returns The server, once it accepts connections.
 * @throws {Error} Node's own, when the address can't be taken.
 */
export async function startNode(
  handler: FetchHandler,
  address: Address,
  limits: ServerLimits,
): Promise<Server> {
  const [{ createAdaptorServer }, { createServer }] = await Promise.all([
    import("@hono/node-server"),
    import("node:http"),
  ]);
  const { keepAliveMs, requestTimeoutMs } = limits;
  const connections = new OpenConnections(limits);
  const bySocket = new WeakMap<Socket, Pipeline>();
  const server = createAdaptorServer({
    fetch(request, env) {
      (env.incoming as Incoming)[HANDLED] = true;
      return handler(request, env);
    },
    overrideGlobalObjects: false,
    // Of requests without a Host, which HTTP/1.0 allows.
    hostname: "localhost",
    createServer: ((options: object, listener: Listener) =>
      createServer(options, inOrder(listener) as never)) as typeof createServer,
    serverOptions: {
      keepAliveTimeout: keepAliveMs,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: SWEEP_MS,
    },
  });
  server.prependListener("connection", (socket: Socket) => {
    const connection = connections.add(() => socket.destroy());
    bySocket.set(socket, { connection, waiting: [], isBusy: false });
    socket.once("close", () => connection.closed());
  });
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
  const sweeper = setInterval(() => connections.sweep(), SWEEP_MS);
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    drain: () => {
      clearInterval(sweeper);
      return new Promise<void>((resolve) => {
        // A connection whose last answer comes after close() stays open for its next request, so it
        // is looked for again until none is left.
        const again = setInterval(() => connections.cutIdle(), IDLE_CHECK_MS);
        server.close(() => {
          clearInterval(again);
          resolve();
        });
        connections.cutIdle();
      });
    },
    cut: () => connections.cutAll(),
  };
  // Node starts every request that it has received, although the answers are sent one by one: those of
  // a client that reads nothing would pile up. The other runtimes do one after the other, too.
  function inOrder(listener: Listener): Listener {
    return (incoming, outgoing) => {
      const { socket } = incoming;
      const pipeline = bySocket.get(socket);
      if (pipeline === undefined) return listener(incoming, outgoing);
      const begin = () => {
        pipeline.isBusy = true;
        pipeline.connection.begin();
        outgoing.once("close", () => {
          pipeline.isBusy = false;
          pipeline.connection.end();
          if (!incoming[HANDLED]) limits.onRefused(refused(incoming, outgoing));
          pipeline.waiting.shift()?.();
        });
        listener(incoming, outgoing);
      };
      if (!pipeline.isBusy) return begin();
      if (pipeline.waiting.push(begin) > MAX_PIPELINED) socket.destroy();
    };
  }
}

function refused({ method = "", url = "" }: Incoming, { statusCode: status }: Outgoing) {
  return { method, path: url.replace(/[?#].*$/s, ""), status };
}
