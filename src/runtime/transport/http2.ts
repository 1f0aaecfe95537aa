/**
 * One connection of HTTP/2 that many requests share.
 *
 * @module
 */
import { systemClock } from "../../clock.ts";
import { onAbort, startDeadline } from "../../wait.ts";
import { guarded, listen } from "./guard.ts";
import type { Http2Module, Http2Session, Http2Stream, TlsSocket } from "./node_builtins.ts";
import { makeResponse, networkError, type WireRequest } from "./response.ts";

// RFC 9113, section 7: the stream is no longer needed.
const CANCEL = 0x8;

/**
 * A connection of HTTP/2. It does not keep the process alive while no request is in flight on it.
 *
 * A request that is aborted before its response may have met a dead connection (no FIN, or a stopped
 * peer). The connection is pinged then, and destroyed when no pong arrives, which fails all requests
 * on it. Without that, every later request would be sent over the same dead connection.
 *
 * A request that fails before its response retires the connection: it carries no new requests, and
 * is closed after the last one. After some faults in the framing Node keeps a connection open that
 * refuses every request.
 */
export class Http2Connection {
  /** Resolves when the other side has sent its settings; rejects when the connection ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it is closed, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #session: Http2Session;
  readonly #socket: TlsSocket;
  readonly #pingTimeoutMs: number;
  #streams = 0;
  #pinging = false;
  #retired = false;

  /**
   * Speaks HTTP/2 over a connection with TLS that has negotiated it.
   *
   * @param http2 `node:http2`.
   * @param origin Origin of the requests.
   * @param socket The connection.
   * @param pingTimeoutMs Milliseconds until a pong must arrive.
   */
  constructor(http2: Http2Module, origin: string, socket: TlsSocket, pingTimeoutMs = 5_000) {
    const session = http2.connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    this.#session = session;
    this.#socket = socket;
    this.#pingTimeoutMs = pingTimeoutMs;
    const destroy = (cause: unknown) => this.#destroy(cause);
    this.ready = new Promise((resolve, reject) => {
      listen(session, {
        remoteSettings: () => resolve(),
        // A stream that nobody requested; its error would have no listener and end the process.
        stream(unrequested: Http2Stream) {
          unrequested.on("error", () => {});
          systemClock.start(() => unrequested.close(CANCEL), 0, true);
        },
        // Later errors reach the requests through their streams.
        error: reject,
        close: () => reject(new Error("the connection was closed while connecting")),
      }, destroy);
    });
    this.closed = new Promise((resolve) => void session.once("close", () => resolve()));
    // Node and Deno do not pass an alert of TLS, such as "bad certificate", on to the session.
    listen(socket, { error: destroy, close: () => destroy(undefined) }, destroy);
  }

  /** Whether it accepts no more requests. */
  get useless(): boolean {
    const { destroyed, closed } = this.#session;
    return this.#retired || destroyed || closed || this.#limit < 1;
  }

  /** Whether one more request fits, by what the other side allows (Consul 1.8.7: 250). */
  get hasRoom(): boolean {
    return !this.useless && this.#streams < this.#limit;
  }

  // 0 until the settings have arrived.
  get #limit(): number {
    const { remoteSettings } = this.#session;
    return remoteSettings === undefined ? 0 : remoteSettings.maxConcurrentStreams ?? Infinity;
  }

  /**
   * Sends a request and waits for the head of its response. Redirects are not followed.
   *
   * @param request The request.
   * @returns The response.
   * @throws {TypeError} when there is no response; its message and cause say why.
   * @throws {PilotedError} `REGISTRY_RESPONSE` when the response is not valid HTTP.
   * @throws The signal's own reason when it aborts.
   */
  send(request: WireRequest): Promise<Response> {
    const { signal, url, body } = request;
    return new Promise((resolve, reject) => {
      const stream = this.#open(request);
      let counted = true;
      const release = () => {
        if (counted) this.#end();
        counted = false;
      };
      let removeAbort = () => {};
      let settled = false;
      const fail = (cause: unknown) => {
        removeAbort();
        if (!settled) this.#retired = true;
        settled = true;
        reject(networkError(url.origin, cause));
      };
      listen(stream, {
        error: fail,
        // By then the other side counts it as over. "close" comes later, and also without an end.
        end: release,
        close() {
          const code = stream.rstCode ?? 0;
          fail(
            new Error(
              code === 0 || code === CANCEL
                ? "the connection was closed without a response"
                : `the request was reset with HTTP/2 error code ${code}`,
            ),
          );
          release();
        },
        response(fields: Fields) {
          removeAbort();
          settled = true;
          const status = Number(fields[":status"]);
          const head = { status, statusText: "", fields: headers(fields) };
          resolve(makeResponse(request, head, stream));
        },
      }, (cause) => {
        fail(cause);
        systemClock.start(() => stream.close(CANCEL), 0, true);
      });
      const abort = (reason: unknown) => {
        settled = true;
        reject(reason);
        stream.close(CANCEL);
        this.#ping();
      };
      removeAbort = onAbort(signal, guarded(abort, fail));
      if (body !== undefined) stream.end(body);
    });
  }

  /** Closes it and fails every request on it. Resolves when it is closed. */
  close(): Promise<void> {
    this.#destroy();
    return this.closed;
  }

  // Node throws where the connection has just been closed.
  #open({ url, method, headers, body }: WireRequest): Http2Stream {
    let stream: Http2Stream;
    try {
      stream = this.#session.request({
        ":method": method,
        ":scheme": url.protocol.slice(0, -1),
        ":authority": url.host,
        ":path": url.pathname + url.search,
        ...headers,
      }, { endStream: body === undefined });
    } catch (cause) {
      throw networkError(url.origin, cause);
    }
    if (this.#streams++ === 0) this.#session.ref();
    return stream;
  }

  #end(): void {
    if (--this.#streams > 0) return;
    if (this.#retired) this.#destroy();
    else if (!this.#session.destroyed) this.#session.unref();
  }

  // Not at once: Node may be in the middle of the received bytes, and native code of its HTTP/2 can
  // fail an assertion, which ends the process, when its session is destroyed from there. The session
  // alone would wait until its last frames are written, on Node even after an alert.
  #destroy(cause?: unknown): void {
    this.#retired = true;
    systemClock.start(
      () => {
        this.#session.destroy(cause instanceof Error ? cause : undefined);
        this.#socket.destroy();
      },
      0,
      false,
    );
  }

  #ping(): void {
    const session = this.#session;
    if (this.#pinging || session.destroyed) return;
    this.#pinging = true;
    const timer = startDeadline(systemClock, this.#pingTimeoutMs, () => this.#destroy(), {
      background: true,
    });
    session.ping(() => {
      timer.cancel();
      this.#pinging = false;
    });
  }
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

function* headers(fields: Fields): Generator<[string, string]> {
  for (const [name, value] of Object.entries(fields)) {
    if (name.startsWith(":")) continue;
    for (const one of typeof value === "string" ? [value] : value) yield [name, one];
  }
}
