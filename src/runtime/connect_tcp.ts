/**
 * Whether a TCP port accepts connections.
 *
 * @module
 */
import { builtin } from "./transport/node_builtins.ts";

/**
 * Opens a connection and closes it again.
 *
 * @param host IP address or host name.
 * @param port TCP port.
 * @param signal Ends the attempt.
 * @returns Resolves when the connection was accepted.
 * @throws Why it was not, by rejecting; the signal's own reason when it aborts.
 */
export function connectTcp(host: string, port: number, signal: AbortSignal): Promise<void> {
  const net = builtin("node:net");
  if (net === undefined) {
    return Promise.reject(new Error("Cannot connect: this runtime has no TCP sockets"));
  }
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    const end = () => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
    };
    socket.once("connect", () => {
      end();
      resolve();
    });
    // Stays, since a socket that is being closed may fail once more.
    socket.on("error", (error: Error) => {
      end();
      reject(error);
    });
    if (signal.aborted) abort();
  });
}
