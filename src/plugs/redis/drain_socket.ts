/**
 * Leaving a Redis server without losing a reply.
 *
 * The problem: commands are pipelined, and a connection that is simply closed loses the replies that
 * are under way, so that nobody knows whether those commands were executed.
 *
 * The decision: `QUIT` is written behind them. Redis answers commands in order, and closes the
 * connection after the reply to `QUIT`. That reply, which ioredis has not asked for, is taken out of
 * the stream. What ioredis writes after `QUIT` is not sent: it sends it again on its next connection,
 * as it does with every command without a reply (`autoResendUnfulfilledCommands`).
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Clock } from "../../clock.ts";

type Reader = (chunk: Uint8Array) => void;

const QUIT = "*1\r\n$4\r\nQUIT\r\n";
const REPLY_LENGTH = "+OK\r\n".length;

/**
 * Closes a connection after the replies to everything that was written.
 *
 * @param socket The connection.
 * @param clock Time.
 * @param drainMs How long to wait for the replies, in milliseconds.
 * @returns Resolves when it is closed.
 */
export function drainSocket(socket: Socket, clock: Clock, drainMs: number): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.start(() => socket.destroy(), drainMs, true);
    socket.once("close", () => {
      timer.cancel();
      resolve();
    });
    const readers = socket.listeners("data") as Reader[];
    // Nobody has used it yet.
    if (readers.length === 0) return socket.destroy();
    // It is being closed already.
    if (!socket.writable) return;
    socket.removeAllListeners("data");
    socket.on("data", allButTheEnd((chunk) => readers.forEach((reader) => reader(chunk))));
    socket.write(QUIT);
    socket.write = () => true;
  });
}

// Passes on everything but the last bytes, the reply to QUIT.
function allButTheEnd(pass: Reader): Reader {
  let held: Uint8Array[] = [];
  return (chunk) => {
    held.push(chunk);
    let surplus = held.reduce((sum, { length }) => sum + length, 0) - REPLY_LENGTH;
    while (surplus > 0) {
      const [first, ...rest] = held;
      pass(first!.subarray(0, surplus));
      held = surplus < first!.length ? [first!.subarray(surplus), ...rest] : rest;
      surplus -= first!.length;
    }
  };
}
