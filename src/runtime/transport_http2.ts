/**
 * One connection of HTTP/2 that many requests share.
 *
 * @module
 */
import { systemClock } from "../clock.ts";
import type { Http2Module, Http2Session, TlsSocket } from "./transport_builtins.ts";
import { makeResponse, networkError, type WireRequest } from "./transport_response.ts";

// RFC 9113, section 7: the stream is no longer needed.
const CANCEL = 0x8;

/**
 * A connection of HTTP/2. It does not keep the process alive while nothing is under way on it.
 *
 * A request that is aborted before it was answered may have met a dead connection (no FIN, or a
 * stopped peer). So the connection is pinged then, and destroyed where no answer comes, which fails
 * all requests on it. Without that, every later request would run into the same dead connection.
 */
export class Http2Connection {
  /** Resolves when the other side has said what it allows; rejects where it never does. */
  readonly ready: Promise<void>;
  /** Resolves when it is over, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #session: Http2Session;
  readonly #socket: TlsSocket;
  readonly #pingTimeoutMs: number;
  #streams = 0;
  #pinging = false;

  /**
   * Speaks HTTP/2 over a connection with TLS that has agreed to it.
   *
   * @param http2 `node:http2`.
   * @param origin Origin of the requests.
   * @param socket The connection.
   * @param pingTimeoutMs Milliseconds in which the other side must answer a ping.
   */
  constructor(http2: Http2Module, origin: string, socket: TlsSocket, pingTimeoutMs = 5_000) {
    const session = http2.connect(origin, { createConnection: () => socket });
    this.#session = session;
    this.#socket = socket;
    this.#pingTimeoutMs = pingTimeoutMs;
    this.ready = new Promise((resolve, reject) => {
      session.once("remoteSettings", () => resolve());
      // Later errors reach the requests through their streams.
      session.on("error", reject);
      session.on("close", () => reject(new Error("the connection was closed while connecting")));
    });
    this.closed = new Promise((resolve) => void session.once("close", () => resolve()));
    // Node and Deno do not tell the session of an alert of TLS, such as "bad certificate".
    socket.on("error", (error: Error) => this.#destroy(error));
    socket.on("close", () => this.#destroy());
  }

  /** Whether it will never take a request (again). */
  get useless(): boolean {
    const { destroyed, closed } = this.#session;
    return destroyed || closed || this.#limit < 1;
  }

  /** Whether one more request fits, by what the other side allows (Consul 1.8.7: 250). */
  get hasRoom(): boolean {
    return !this.useless && this.#streams < this.#limit;
  }

  // Nothing until the settings have come.
  get #limit(): number {
    const { remoteSettings } = this.#session;
    return remoteSettings === undefined ? 0 : remoteSettings.maxConcurrentStreams ?? Infinity;
  }

  /**
   * Sends a request and waits for the head of its answer. Redirects are not followed.
   *
   * @param request What to ask.
   * @returns The response.
   * @throws {TypeError} when there is no answer; its cause says why.
   * @throws The signal's own reason when it aborts.
   */
  send(request: WireRequest): Promise<Response> {
    const { signal, url, body } = request;
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ":method": request.method,
        ":scheme": url.protocol.slice(0, -1),
        ":authority": url.host,
        ":path": url.pathname + url.search,
        ...request.headers,
      }, { endStream: body === undefined });
      this.#begin();
      let counted = true;
      const release = () => {
        if (counted) this.#end();
        counted = false;
      };
      const abort = () => {
        reject(signal?.reason);
        stream.close(CANCEL);
        this.#ping();
      };
      const answered = () => signal?.removeEventListener("abort", abort);
      stream.on("error", (error: Error) => {
        answered();
        reject(networkError(url.origin, error));
      });
      // By then the other side counts it as over. "close" comes later, and also without an end.
      stream.on("end", release);
      stream.on("close", () => {
        answered();
        release();
        const code = stream.rstCode ?? 0;
        reject(networkError(url.origin, new Error(`closed with HTTP/2 error code ${code}`)));
      });
      stream.on("response", (fields: Readonly<Record<string, string | string[]>>) => {
        answered();
        const status = Number(fields[":status"]);
        resolve(makeResponse(request, { status, statusText: "", headers: heads(fields) }, stream));
      });
      signal?.addEventListener("abort", abort, { once: true });
      if (body !== undefined) stream.end(body);
    });
  }

  /** Ends it with everything on it. Resolves when it is closed. */
  close(): Promise<void> {
    this.#destroy();
    return this.closed;
  }

  #begin(): void {
    if (this.#streams++ === 0) this.#session.ref();
  }

  #end(): void {
    if (--this.#streams === 0 && !this.#session.destroyed) this.#session.unref();
  }

  // The session alone would wait for its last words to be written, on Node even after an alert.
  #destroy(error?: Error): void {
    this.#session.destroy(error);
    this.#socket.destroy();
  }

  #ping(): void {
    const session = this.#session;
    if (this.#pinging || session.destroyed) return;
    this.#pinging = true;
    const timer = systemClock.start(() => this.#destroy(), this.#pingTimeoutMs, true);
    session.ping(() => {
      timer.cancel();
      this.#pinging = false;
    });
  }
}

function heads(fields: Readonly<Record<string, string | string[]>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(":")) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return headers;
}
