/** Real backends whose handlers are counted, one for each way to answer badly. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { createFetch } from "../../src/client/create_fetch.ts";
import type { PilotedFetch } from "../../src/fetch/call_options.ts";
import type { FetchOptions } from "../../src/fetch/fetch_options.ts";
import { endpoint } from "../support/endpoints.ts";
import { PoolSource } from "./support.ts";

/** Handles one request; `count` is how many its server has received. */
export type SocketHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  count: number,
) => void;

/** Backends of service `app`, and what they received. */
export interface Backends {
  readonly fetch: PilotedFetch;
  readonly source: PoolSource;
  /** `METHOD path` of every request, by backend. */
  readonly received: readonly string[][];
  readonly servers: readonly Server[];
  readonly ports: readonly number[];
}

/** Starts a backend per handler, runs a test, and stops them. */
export async function withBackends(
  handlers: readonly SocketHandler[],
  run: (backends: Backends) => Promise<void>,
  options: FetchOptions = {},
): Promise<void> {
  const received: string[][] = handlers.map(() => []);
  const servers = handlers.map((handle, i) =>
    createServer((request, response) => {
      request.on("error", () => {});
      response.on("error", () => {});
      const mine = received[i]!;
      mine.push(`${request.method} ${request.url}`);
      request.resume();
      handle(request, response, mine.length);
    })
  );
  const ports = await Promise.all(servers.map(listen));
  const source = new PoolSource({ balancer: "round-robin" });
  source.update(ports.map((port, i) => endpoint(`b${i}`, { address: "127.0.0.1", port })));
  const fetch = createFetch(source, { backoffBaseMs: 1, backoffMaxMs: 1, ...options });
  try {
    await run({ fetch, source, received, servers, ports });
  } finally {
    source.closing.abort(new Error("closed"));
    await Promise.all(servers.map(stop));
  }
}

/** Listens on any free port of this machine. */
export function listen(
  server: { listen: Server["listen"]; address: Server["address"] },
): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
  );
}

/** Stops a server with its connections. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A port at which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server as unknown as Server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server that cuts the connection after so many bytes of its response. */
export async function cutting(
  bytes: number,
  received: string[],
): Promise<{ port: number; stop: () => Promise<void> }> {
  const whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let seen = "";
    socket.on("data", (data) => {
      seen += data.toString();
      if (!seen.includes("\r\n\r\n")) return;
      received.push(seen.slice(0, seen.indexOf(" HTTP")));
      socket.write(whole.slice(0, bytes), () => socket.destroy());
      seen = "";
    });
  });
  const port = await listen(server as unknown as Server);
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
