/**
 * A server on Bun.
 *
 * `Bun.serve()` shows no connections and has one timeout for all of them, so a limit can only be kept
 * for all connections together: when too many files are open, a new server takes the port, and what
 * is left of the old one is closed a little later.
 *
 * @module
 */
import type { Address, FetchHandler, Server, ServerLimits } from "./server.ts";

interface BunServer {
  readonly port?: number;
  stop(closeActiveConnections?: boolean): Promise<void>;
  timeout(request: Request, seconds: number): void;
}

/** What is used of the global object `Bun`. */
export interface BunRuntime {
  serve(
    options: ({ hostname: string; port: number } | { unix: string }) & {
      idleTimeout: number;
      fetch(request: Request, server: BunServer): Response | Promise<Response>;
    },
  ): BunServer;
}

interface FileSystem {
  openSync(path: string, flags: "r"): number;
  closeSync(descriptor: number): void;
}

interface Runtime {
  process?: { getBuiltinModule?(name: "node:fs"): FileSystem | undefined };
}

// Bun's maximum.
const MAX_IDLE_SECONDS = 255;
const CHECK_MS = 100;
// For requests that are nearly answered when their server is replaced.
const REPLACED_MS = 1_000;

/**
 * Listens.
 *
 * @param bun The global object.
 * @param handler Answers the requests.
 * @param address Where.
 * @param limits What clients may take.
 * @returns The server.
 * @throws {Error} Bun's own, when the address can't be taken.
 */
export function startBun(
  bun: BunRuntime,
  handler: FetchHandler,
  address: Address,
  limits: ServerLimits,
): Server {
  const idleTimeout = Math.min(MAX_IDLE_SECONDS, Math.ceil(limits.keepAliveMs / 1_000));
  const filesAtStart = nextDescriptor() ?? 0;
  let current = serve(address);
  const port = current.port ?? 0;
  const replaced = new Map<BunServer, ReturnType<typeof setTimeout>>();
  let isClosing = false;
  let isListening = true;
  const check = setInterval(() => {
    if (!isListening) return listenAgain();
    const next = nextDescriptor();
    if (next === undefined) replace("files", 0);
    // Those of a server that was replaced are still counted.
    else if (next - filesAtStart >= limits.maxConnections && replaced.size === 0) {
      replace("connections", REPLACED_MS);
    }
  }, CHECK_MS) as unknown as { unref(): void };
  check.unref();

  return {
    port,
    async drain() {
      isClosing = true;
      clearInterval(check as unknown as number);
      await Promise.all([current, ...replaced.keys()].map((server) => server.stop()));
    },
    cut: () =>
      Promise.all([current, ...replaced.keys()].map((server) => {
        clearTimeout(replaced.get(server));
        return server.stop(true);
      })),
  };

  function serve(where: Address): BunServer {
    return bun.serve({
      ...where.path === undefined ? where : { unix: where.path },
      idleTimeout,
      fetch(request, server) {
        const response = handler(request, server);
        // What takes time may take as much as it likes; what is there is sent, or nobody reads it.
        if (response instanceof Promise || isEventStream(response)) server.timeout(request, 0);
        return response;
      },
    });
  }

  function listenAgain(): void {
    try {
      current = serve(address.path === undefined ? { ...address, port } : address);
      isListening = true;
    } catch {
      // The next check tries again.
      isListening = false;
    }
  }

  function replace(reason: "connections" | "files", graceMs: number): void {
    if (isClosing) return;
    const old = current;
    // Closes the idle ones. When not a single file is left, all of them are needed now.
    void old.stop(graceMs === 0);
    for (const [server, timer] of graceMs === 0 ? replaced : []) {
      clearTimeout(timer);
      replaced.delete(server);
      void server.stop(true);
    }
    listenAgain();
    limits.onShed(reason, limits.maxConnections);
    if (graceMs === 0) return;
    const timer = setTimeout(() => {
      replaced.delete(old);
      void old.stop(true);
    }, graceMs);
    replaced.set(old, timer);
  }
}

// Asking for its body would turn the body of every response into a stream.
function isEventStream({ headers }: Response): boolean {
  return headers.get("content-type") === "text/event-stream";
}

// The lowest free number, so about how many files are open; undefined when there is none left.
function nextDescriptor(): number | undefined {
  const { process } = globalThis as unknown as Runtime;
  const fs = process?.getBuiltinModule?.("node:fs");
  if (fs === undefined) return 0;
  try {
    const descriptor = fs.openSync("/dev/null", "r");
    fs.closeSync(descriptor);
    return descriptor;
  } catch (error) {
    const { code } = error as { code?: unknown };
    return code === "EMFILE" || code === "ENFILE" ? undefined : 0;
  }
}
