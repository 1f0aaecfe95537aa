/**
 * One request over HTTP/1.1 through `node:http` or `node:https`.
 *
 * @module
 */
import type { Agent, HttpModule, IncomingMessage } from "./transport_builtins.ts";
import { makeResponse, networkError, type WireRequest } from "./transport_response.ts";
import type { TlsMaterial } from "./transport_tls.ts";

/**
 * Milliseconds after which a connection that nobody uses is closed. Consul never closes one itself,
 * and counts it among the 200 that it grants one address.
 */
export const IDLE_MS = 30_000;

/**
 * Sends a request and waits for the head of its answer. Redirects are not followed.
 *
 * @param http `node:http` or `node:https`.
 * @param agent Connections to reuse.
 * @param request What to ask.
 * @param tls Certificates and keys, for `node:https`.
 * @returns The response.
 * @throws {TypeError} when there is no answer; its cause says why.
 * @throws The signal's own reason when it aborts.
 */
export function sendHttp1(
  http: HttpModule,
  agent: Agent,
  request: WireRequest,
  tls?: TlsMaterial,
): Promise<Response> {
  const { signal } = request;
  return new Promise((resolve, reject) => {
    const outgoing = http.request(request.url, {
      ...tls,
      agent,
      method: request.method,
      headers: request.headers,
    });
    const abort = () => {
      reject(signal?.reason);
      outgoing.destroy();
    };
    // Listens to the end: a connection may fail once more after it has answered.
    outgoing.on("error", (error: Error) => {
      signal?.removeEventListener("abort", abort);
      reject(networkError(request.url.origin, error));
    });
    outgoing.on("response", (incoming: IncomingMessage) => {
      signal?.removeEventListener("abort", abort);
      const { statusCode: status, statusMessage: statusText, rawHeaders } = incoming;
      const headers = new Headers();
      for (let i = 0; i < rawHeaders.length; i += 2) {
        headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
      }
      resolve(makeResponse(request, { status, statusText, headers }, incoming));
    });
    signal?.addEventListener("abort", abort, { once: true });
    outgoing.end(request.body);
  });
}

/**
 * Closes every connection of an agent.
 *
 * @param agent The agent.
 * @returns Resolves when they are closed.
 */
export async function closeAgent(agent: Agent): Promise<void> {
  const sockets = [...Object.values(agent.sockets), ...Object.values(agent.freeSockets)].flat();
  const closed = sockets.map((socket) =>
    new Promise<void>((resolve) => void socket?.once("close", () => resolve()))
  );
  agent.destroy();
  await Promise.all(closed);
}
