/**
 * Connections to a Redis server.
 *
 * @module
 */
import { createConnection, type Socket } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import type { Endpoint } from "../../endpoint.ts";
import { onAbort } from "../../wait.ts";

/**
 * Connects to an endpoint.
 *
 * @param endpoint The endpoint.
 * @param tls Options of TLS, `undefined` for none.
 * @param signal Ends the attempt.
 * @returns The connection.
 * @throws {Error} what made it fail.
 * @throws The signal's own reason when it aborts.
 */
export function openSocket(
  { address, port }: Endpoint,
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const to = { host: address, port };
    const socket = tls === undefined ? createConnection(to) : connect({ ...to, ...tls });
    const remove = onAbort(signal, (reason) => {
      socket.destroy();
      reject(reason);
    });
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      remove();
      resolve(socket);
    });
    // Stays: an error while nobody uses the connection must not end the process.
    socket.on("error", (error) => {
      remove();
      reject(error);
    });
  });
}
