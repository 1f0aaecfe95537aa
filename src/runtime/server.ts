/**
 * What `listen()` and the servers of the three runtimes share.
 *
 * @module
 */

/** Answers one request; `info` is what the runtime itself gives to handlers. */
export type FetchHandler = (request: Request, info?: unknown) => Response | Promise<Response>;

/** Where a server listens. */
export type Address =
  | { readonly hostname: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string };

/** What clients may take from a server. */
export interface ServerLimits {
  /** Connections at a time; one more closes the oldest idle one. */
  readonly maxConnections: number;
  /** Milliseconds to receive a request. */
  readonly requestTimeoutMs: number;
  /** Milliseconds that a connection may wait for its next request. */
  readonly keepAliveMs: number;
  /** Told that connections were closed to make room, and why. */
  readonly onShed: (reason: ShedReason, count: number) => void;
  /** Told of requests that were answered without the handler. */
  readonly onRefused: (request: RefusedRequest) => void;
}

/** A request that the handler never saw, because its target or its Host is malformed. */
export interface RefusedRequest {
  /** HTTP method. */
  readonly method: string;
  /** Target without its query, as it was sent. */
  readonly path: string;
  /** HTTP status of the response. */
  readonly status: number;
}

/** Why connections were closed: there are too many of them, or too many open files. */
export type ShedReason = "connections" | "files";

/** What is left of a runtime's server once it listens. */
export interface Server {
  /** TCP port; 0 for a unix socket. */
  readonly port: number;
  /** Takes no more connections; resolves when the last request was answered. */
  drain(): Promise<unknown>;
  /** Cuts what is left. */
  cut(): unknown;
}
