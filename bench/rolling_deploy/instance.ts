/**
 * Backends as a deployment starts and ends them: processes, or servers of this process.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { startScript } from "../../tests/support/process.ts";
import { Backend, type Ports } from "./backend.ts";

/** A running backend. */
export interface Instance {
  readonly ports: Ports;
  /** Ends it in the ordinary way, after the requests under way. */
  stop(): Promise<void>;
  /** Ends it at once: its connections are reset, and nothing listens any more. */
  kill(): Promise<void>;
}

const PROCESS = fileURLToPath(new URL("backend_process.ts", import.meta.url));
const BUILT = fileURLToPath(new URL("../../.cache/rolling_deploy/backend.mjs", import.meta.url));

let built: Promise<unknown> | undefined;

/** Compiles the program once: a compiler in each start would take the processor from the requests. */
function builtProcess(): Promise<unknown> {
  return built ??= build({
    entryPoints: [PROCESS],
    outfile: BUILT,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "error",
  }).then(stop);
}

/** Starts a backend as a process on Node. */
export async function startInProcessOfItsOwn(): Promise<Instance> {
  await builtProcess();
  const child = await startScript("node", BUILT);
  const [, ports] = await child.waitFor(/^Listening (.+)$/m);
  return {
    ports: JSON.parse(ports!),
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
    },
    kill: () => child.stop(),
  };
}

/** Starts a backend in this process, for a short run. */
export async function startInThisProcess(): Promise<Instance> {
  const backend = await Backend.start();
  // A gRPC server cancels its calls when it is shut down by force; connections are cut here instead.
  const relays = [await Relay.to(backend.ports.http), await Relay.to(backend.ports.grpc)];
  return {
    ports: { http: relays[0]!.port, grpc: relays[1]!.port },
    async stop() {
      await backend.stop();
      await Promise.all(relays.map((relay) => relay.cut()));
    },
    async kill() {
      await Promise.all(relays.map((relay) => relay.cut()));
      backend.destroy();
    },
  };
}

/** Stands before a server, so that its connections can end as those of a killed process do. */
class Relay {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const server = connect(target, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
      }
      client.pipe(server).pipe(client);
    });
  }

  static async to(target: number): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve) => relay.#server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async cut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
