/**
 * What is deployed: one HTTP and one gRPC server, which answer after a few milliseconds of work.
 *
 * @module
 */
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ECHO } from "./echo_call.ts";

const WORK_MS = 5;
/** What is left after it is cut, as a scheduler would do: a connection may never carry a request. */
const GRACE_MS = 3_000;

/** Where a backend listens on 127.0.0.1. */
export interface Ports {
  readonly http: number;
  readonly grpc: number;
}

/** Both servers. */
export class Backend {
  readonly #http: Server;
  readonly #grpc: GrpcServer;
  readonly ports: Ports;

  private constructor(http: Server, grpc: GrpcServer, ports: Ports) {
    this.#http = http;
    this.#grpc = grpc;
    this.ports = ports;
  }

  /** Starts both on free ports. */
  static async start(): Promise<Backend> {
    const http = createServer((_, response) => setTimeout(() => response.end("ok"), WORK_MS));
    // Longer than any run, so that connections end with the server and not by themselves.
    http.keepAliveTimeout = 600_000;
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const grpc = new GrpcServer();
    grpc.addService({ echo: ECHO }, {
      echo(_: unknown, respond: (error: null, text: string) => void) {
        setTimeout(() => respond(null, "ok"), WORK_MS);
      },
    });
    const grpcPort = await new Promise<number>((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      grpc.bindAsync("127.0.0.1:0", credentials, (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
    const { port } = http.address() as AddressInfo;
    return new Backend(http, grpc, { http: port, grpc: grpcPort });
  }

  /** Stops listening, and resolves when the requests under way have been answered. */
  async stop(): Promise<void> {
    const grace = setTimeout(() => this.destroy(), GRACE_MS);
    await Promise.all([
      new Promise<void>((resolve) => {
        // A connection that was busy at the first look is idle after its answer.
        const idle = setInterval(() => this.#http.closeIdleConnections(), 10);
        this.#http.close(() => {
          clearInterval(idle);
          resolve();
        });
        this.#http.closeIdleConnections();
      }),
      new Promise<void>((resolve) => this.#grpc.tryShutdown(() => resolve())),
    ]);
    clearTimeout(grace);
  }

  /** Ends whatever is under way. */
  destroy(): void {
    this.#http.close();
    this.#http.closeAllConnections();
    this.#grpc.forceShutdown();
  }
}
