/**
 * A WebSocket on a lease: the endpoint counts as busy for as long as the connection is open.
 *
 * The balancer `least-pending` spreads connections evenly: with `p2c-ewma`, an endpoint that is faster
 * to connect to gets more of them.
 */
import type { Piloted } from "@piloted/core";

/**
 * Opens a WebSocket to a healthy endpoint of a service.
 *
 * @param piloted Watches the service.
 * @param service Name of the service.
 * @param path Path of the URL, from its slash.
 * @returns The open socket.
 * @throws {Error} when the connection cannot be made; the next call goes to another endpoint if there
 * are several failures in a row.
 */
export function openSocket(piloted: Piloted, service: string, path = "/"): Promise<WebSocket> {
  const lease = piloted.acquire(service);
  const socket = new WebSocket(`ws://${lease.endpoint.host}${path}`);
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => {
      // The latency ends here: how long the connection is open says nothing about the endpoint.
      lease.report?.("success");
      resolve(socket);
    });
    socket.addEventListener("error", () => {
      lease.release("failure");
      reject(new Error(`Cannot open a WebSocket to ${service} at ${lease.endpoint.host}`));
    });
    // After an error this has no effect.
    socket.addEventListener("close", () => lease.release());
  });
}
