/**
 * One request over HTTP/1.1 through `node:http` or `node:https`.
 *
 * @module
 */
import { onAbort } from "../../wait.ts";
import { guarded, listen } from "./guard.ts";
import type { Agent, HttpModule, IncomingMessage } from "./node_builtins.ts";
import type { ConnectTo } from "./contract.ts";
import { makeResponse, networkError, type WireRequest } from "./response.ts";
import type { TlsMaterial } from "./tls_material.ts";

/**
 * Milliseconds after which an idle connection is closed. Consul never closes one itself, and counts
 * it among the 200 that it allows one client address.
 */
export const IDLE_MS = 30_000;

/** How a request of HTTP/1.1 is sent. */
export interface Http1Options {
  /** Certificates and keys, for `node:https`. */
  readonly tls?: TlsMaterial | undefined;
  /** Where to connect to, instead of the address of the request. */
  readonly connectTo?: ConnectTo | undefined;
}

/**
 * Sends a request and waits for the head of its response. Redirects are not followed.
 *
 * @param http `node:http` or `node:https`.
 * @param agent Connections to reuse.
 * @param request The request.
 * @param options Certificates, and where to connect to.
 * @returns The response.
 * @throws {TypeError} when there is no response; its message and cause say why.
 * @throws {PilotedError} `REGISTRY_RESPONSE` when the response is not valid HTTP.
 * @throws The signal's own reason when it aborts.
 */
export function sendHttp1(
  http: HttpModule,
  agent: Agent,
  request: WireRequest,
  options: Http1Options = {},
): Promise<Response> {
  const { signal, url, method, headers } = request;
  return new Promise((resolve, reject) => {
    const outgoing = http.request(url, {
      ...target(url, options.connectTo),
      ...options.tls,
      agent,
      method,
      headers: options.connectTo === undefined ? headers : { ...headers, host: url.host },
    });
    let removeAbort = () => {};
    const fail = (cause: unknown) => {
      removeAbort();
      reject(networkError(url.origin, cause));
    };
    // Listens to the end: a connection may fail once more after its response.
    listen(outgoing, {
      error: fail,
      response(incoming: IncomingMessage) {
        removeAbort();
        resolve(makeResponse(request, headOf(incoming), incoming));
      },
      // Without a listener Node closes the connection after "101 Switching Protocols" and emits
      // neither a response nor an error.
      close: () => fail(new Error("the connection was closed without a response")),
    }, (cause) => {
      fail(cause);
      outgoing.destroy();
    });
    const abort = (reason: unknown) => {
      reject(reason);
      outgoing.destroy();
    };
    removeAbort = onAbort(signal, guarded(abort, fail));
    if (!signal?.aborted) outgoing.end(request.body);
  });
}

function target(url: URL, connectTo: ConnectTo | undefined): Readonly<Record<string, unknown>> {
  if (connectTo === undefined) return {};
  if ("socketPath" in connectTo) return connectTo;
  return { hostname: connectTo.host, ...serverName(url) };
}

/**
 * The name that TLS asks for: none for an IP address, since TLS allows names only (RFC 6066,
 * section 3).
 *
 * @param url Address of the request.
 * @returns Options of `node:tls`.
 */
export function serverName(url: URL): { readonly servername?: string } {
  return /^[\d.]+$|:/.test(url.hostname) ? {} : { servername: url.hostname };
}

function headOf(incoming: IncomingMessage) {
  const { statusCode: status, statusMessage: statusText, rawHeaders } = incoming;
  const fields: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) fields.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  return { status, statusText, fields };
}

/**
 * Whether a request waits for its connection to open.
 *
 * @param agent Keeps the connections.
 * @returns `false` where none does.
 */
export function isConnecting(agent: Agent): boolean {
  return Object.values(agent.sockets).some((sockets) =>
    sockets?.some(({ connecting }) => connecting)
  );
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
