/** Real HTTP backends of one service in an embedded Consul. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createPiloted } from "../../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../../src/client/options.ts";
import type { Piloted } from "../../../src/client/piloted.ts";
import { EmbeddedConsul } from "../../../src/testing/mod.ts";
import { waitUntil } from "../../support/wait_until.ts";

export const SERVICE = "myService";

/** One backend. */
export interface Backend {
  readonly id: string;
  readonly port: number;
  readonly server: Server;
  readonly sockets: ReadonlySet<Socket>;
  /** `METHOD path host body` of every request. */
  readonly requests: string[];
}

/** Backends, and a client that watches them. */
export class Backends {
  readonly consul = new EmbeddedConsul();
  readonly all = new Map<string, Backend>();
  piloted!: Piloted;

  static async run(
    run: (it: Backends) => Promise<void>,
    options: PilotedOptions = {},
  ): Promise<void> {
    const it = new Backends();
    it.piloted = await createPiloted({
      config: { consul: "consul:8500", watches: [{ name: SERVICE }] },
      fetch: it.consul.fetch,
      signals: false,
      minIntervalMs: 1,
      ...options,
    });
    try {
      await run(it);
    } finally {
      await it.piloted.close();
      await it.consul.close();
      for (const id of [...it.all.keys()]) await it.stop(id);
    }
  }

  /** Starts a backend and registers it. Without an answer of its own it answers with its id. */
  async start(id: string, answer?: RequestListener, port = 0): Promise<Backend> {
    const requests: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer(async (request, response) => {
      let body = "";
      try {
        for await (const chunk of request) body += chunk;
      } catch {
        return; // The client has gone.
      }
      requests.push(
        `${request.method} ${request.url} ${request.headers.host} ${body}`.trimEnd(),
      );
      if (answer !== undefined) return answer(request, response);
      response.end(id);
    });
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const backend = {
      id,
      port: (server.address() as AddressInfo).port,
      server,
      sockets,
      requests,
    };
    this.all.set(id, backend);
    await this.list(id, backend.port);
    return backend;
  }

  /** Registers an address, whether something listens there or not. */
  async list(id: string, port: number): Promise<void> {
    this.consul.register({ id, name: SERVICE, address: "127.0.0.1", port, status: "passing" });
    await waitUntil(
      () => this.piloted.serviceHosts(SERVICE).some((one) => one.id === id),
      30_000,
      2,
    );
  }

  /** Takes it from the list. */
  async unlist(id: string): Promise<void> {
    this.consul.deregister(id);
    await waitUntil(
      () => this.piloted.serviceHosts(SERVICE).every((one) => one.id !== id),
      30_000,
      2,
    );
  }

  /** Ends its process, as it were: nothing listens there any more. */
  async stop(id: string): Promise<void> {
    const backend = this.all.get(id);
    if (backend === undefined) return;
    this.all.delete(id);
    await new Promise((resolve) => {
      backend.server.close(resolve);
      backend.server.closeAllConnections?.();
    });
  }

  /** A port where nothing listens. */
  async deadPort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  /** Leases that were not released. */
  get pendingCount(): number {
    return this.piloted.status(SERVICE).balance.pendingCount;
  }
}
