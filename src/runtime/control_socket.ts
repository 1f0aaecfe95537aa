/**
 * A unix socket that the owner of this process alone can use.
 *
 * @module
 */
import { chmod, lstat, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { listen, type Listener } from "./listen.ts";
import type { FetchHandler } from "./server.ts";

/** A socket cannot be used. */
export class SocketError extends Error {
  override readonly name: "SocketError" = "SocketError";
}

// A reload that a job asked for ends that job: its answer is on the way by then.
const GRACE_MS = 100;

/**
 * Listens on a unix socket with mode 0600. What a process left there that has ended is removed.
 *
 * @param path Path of the socket.
 * @param handler Answers the requests.
 * @param graceMs Milliseconds that `close()` gives requests under way.
 * @returns The socket, once it accepts connections. Closing it removes it.
 * @throws {SocketError} when another process listens there, when something else is there, and when the
 * socket cannot be made.
 */
export async function listenOnSocket(
  path: string,
  handler: FetchHandler,
  graceMs = GRACE_MS,
): Promise<Listener> {
  const cannot = (why: string, cause?: unknown) =>
    new SocketError(`Cannot listen on ${path}: ${why}`, { cause });
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isSocket()) throw cannot("it is no socket");
  if (found !== undefined) {
    if (await isAlive(path)) throw cannot("another process listens there");
    await rm(path, { force: true });
  }
  try {
    const listener = await listen(handler, { path, graceMs });
    await chmod(path, 0o600);
    const own = await lstat(path);
    return {
      ...listener,
      async close() {
        await listener.close();
        // Another process may have taken its place.
        const now = await lstat(path).catch(() => undefined);
        if (now?.ino === own.ino) await rm(path, { force: true });
      },
    };
  } catch (cause) {
    throw cannot(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    const end = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
