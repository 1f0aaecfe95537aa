/**
 * Ready-made faults for an embedded Consul.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from "../clock.ts";
import { abortable, sleep } from "../wait.ts";
import type { Fault } from "./fault.ts";
import { NO_INDEX, Refusal } from "./refusal.ts";

/** Options of `faults.rateLimit()`. */
export interface RateLimitOptions {
  /**
   * The whole body.
   * @default {"rate limit exceeded, try again later or against a different server"}
   */
  readonly body?: string | undefined;
  /** Seconds in `Retry-After`, as a proxy would send it. @default {no header, as in Consul} */
  readonly retryAfterSeconds?: number | undefined;
}

// `agent/consul/rate/handler.go`.
const RETRY_ELSEWHERE = "rate limit exceeded, try again later or against a different server";
const RETRY_LATER =
  "rate limit exceeded for operation that can only be performed by the leader, try again later";
// `connLimiter` of `agent/agent.go`.
const TOO_MANY =
  "Your IP is issuing too many concurrent connections, please rate limit your calls\n";

/** Ready-made faults for `EmbeddedConsul.inject()`. */
export interface Faults {
  /** Returns this response. Set a `Content-Type` in `headers` if the body is not plain text. */
  answer(status: number, body?: string, headers?: Readonly<Record<string, string>>): Fault;
  /** 403 "Permission denied". */
  denied(): Fault;
  /**
   * Responds like servers without a leader: 500 "No cluster leader" to reads and writes of the
   * catalog, stale data with `X-Consul-KnownLeader: false` to `?stale`, the cache to `?cached`.
   *
   * @param lastContactMs Age of the stale data. @default {10_000}
   */
  noLeader(lastContactMs?: number): Fault;
  /** 403 "Endpoint is blocked by agent configuration", as with `http_config.block_endpoints`. */
  blocked(): Fault;
  /**
   * 429 of a server's `request_limits`, without `Retry-After`. With the body `""` it is that of an
   * agent's own `rpc_rate`.
   */
  rateLimit(options?: RateLimitOptions): Fault;
  /** 503 of a limit on what only the leader can do, such as writes. */
  leaderRateLimit(): Fault;
  /** 429 of an agent with too many connections from one address: `http_max_conns_per_client`. */
  tooManyConnections(): Fault;
  /**
   * A proxy that answers 504 when Consul has not responded after this time.
   *
   * @param clock Clock of the wait. @default {systemClock}
   */
  gatewayTimeout(afterMs: number, clock?: Clock): Fault;
  /**
   * A proxy that closes the connection when Consul has not responded after this time.
   *
   * @param clock Clock of the wait. @default {systemClock}
   */
  closeQuiet(afterMs: number, clock?: Clock): Fault;
  /** A proxy that compresses the response although the client did not ask for it. @default {"gzip"} */
  compress(encoding?: "gzip" | "deflate"): Fault;
  /** An HTML page of a proxy instead of Consul's response. @default {502} */
  html(status?: number): Fault;
  /** Redirects the client. @default {302} */
  redirect(location: string, status?: number): Fault;
  /** Waits before the real response. @default {systemClock} */
  delay(delayMs: number, clock?: Clock): Fault;
  /** Never responds, like an agent that was stopped by a signal. */
  hang(): Fault;
  /** Breaks the connection after this many bytes of the real body. @default {0} */
  drop(afterBytes?: number): Fault;
  /** A body that ends too early, without a connection error. */
  truncate(bytes: number): Fault;
  /** A body of this many bytes, sent in chunks, which is not valid JSON. */
  hugeBody(bytes: number): Fault;
  /** 200 and the real headers, with an empty list. */
  emptyList(): Fault;
  /** Changes the JSON of the real response. */
  rewrite(change: (value: unknown) => unknown): Fault;
  /** Sets headers of the real response, such as `X-Consul-Index`. */
  headers(headers: Readonly<Record<string, string>>): Fault;
}

/**
 * Ready-made faults.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EmbeddedConsul, faults } from "@piloted/core/testing";
 *
 * await using consul = new EmbeddedConsul();
 * const remove = consul.inject(faults.noLeader(), { service: "customers" });
 * const response = await consul.fetch("http://consul/v1/health/service/customers");
 * assertEquals([response.status, await response.text()], [500, "No cluster leader"]);
 * remove();
 * ```
 */
export const faults: Faults = {
  answer(status, body = "", headers = { "Content-Type": "text/plain; charset=utf-8" }) {
    return () => new Response(status === 204 || status === 304 ? null : body, { status, headers });
  },
  denied: () => () => new Refusal(403, "Permission denied").response(),
  noLeader(lastContactMs = 10_000) {
    return async (request, next) => {
      const { pathname, searchParams } = new URL(request.url);
      if (!/^\/v1\/(health|catalog)\//.test(pathname) || searchParams.has("cached")) {
        return await next();
      }
      if (!searchParams.has("stale")) {
        return new Refusal(500, "No cluster leader", NO_INDEX).response();
      }
      return withHeaders(await next(), {
        "X-Consul-Knownleader": "false",
        "X-Consul-Lastcontact": String(lastContactMs),
      });
    };
  },
  blocked: () => () => new Refusal(403, "Endpoint is blocked by agent configuration").response(),
  rateLimit({ body = RETRY_ELSEWHERE, retryAfterSeconds } = {}) {
    const headers = retryAfterSeconds === undefined
      ? undefined
      : { "Retry-After": String(retryAfterSeconds) };
    return () => new Refusal(429, body, headers).response();
  },
  leaderRateLimit: () => () => new Refusal(503, RETRY_LATER).response(),
  tooManyConnections() {
    const headers = { "Content-Type": "text/plain" };
    return () => new Response(TOO_MANY, { status: 429, headers });
  },
  gatewayTimeout(afterMs, clock = systemClock) {
    return (_request, next, signal) =>
      unlessQuiet(next, afterMs, clock, signal, () => {
        const body = "<html><head><title>504 Gateway Time-out</title></head></html>";
        return new Response(body, { status: 504, headers: { "Content-Type": "text/html" } });
      });
  },
  closeQuiet(afterMs, clock = systemClock) {
    return (_request, next, signal) =>
      unlessQuiet(
        next,
        afterMs,
        clock,
        signal,
        () => new Response(cutStream(new Uint8Array())),
      );
  },
  compress(encoding = "gzip") {
    return async (_request, next) => {
      const { status, headers, body } = await next();
      if (body === null) return new Response(null, { status, headers });
      headers.set("Content-Encoding", encoding);
      headers.delete("Content-Length");
      return new Response(body.pipeThrough(new CompressionStream(encoding)), { status, headers });
    };
  },
  html(status = 502) {
    const body = "<html><head><title>Bad gateway</title></head><body>Bad gateway</body></html>";
    return () => new Response(body, { status, headers: { "Content-Type": "text/html" } });
  },
  redirect(location, status = 302) {
    return () => new Response(null, { status, headers: { Location: location } });
  },
  delay(delayMs, clock = systemClock) {
    return async (_request, next, signal) => {
      await sleep(clock, delayMs, { signal });
      return await next();
    };
  },
  hang() {
    return (_request, _next, signal) => abortable(new Promise<never>(() => {}), signal);
  },
  drop(afterBytes = 0) {
    return async (_request, next) => {
      const { status, headers, bytes } = await whole(next);
      return new Response(cutStream(bytes.subarray(0, afterBytes)), { status, headers });
    };
  },
  truncate(length) {
    return async (_request, next) => {
      const { status, headers, bytes } = await whole(next);
      return new Response(bytes.slice(0, length), { status, headers });
    };
  },
  hugeBody(bytes) {
    const headers = { "Content-Type": "application/json", "X-Consul-Index": "1" };
    return () => new Response(endless(bytes), { headers });
  },
  emptyList: () => faults.rewrite(() => []),
  rewrite(change) {
    return async (_request, next) => {
      const response = await next();
      const body = JSON.stringify(change(await response.json()));
      return new Response(body, { status: response.status, headers: response.headers });
    };
  },
  headers: (headers) => async (_request, next) => withHeaders(await next(), headers),
};

// Consul goes on waiting, as behind a real proxy, until the embedded one ends its request.
async function unlessQuiet(
  next: () => Promise<Response>,
  afterMs: number,
  clock: Clock,
  signal: AbortSignal,
  give: () => Response,
): Promise<Response> {
  const response = next();
  response.catch(() => {});
  let timer: Timer | undefined;
  const quiet = new Promise<Response>((resolve) => {
    timer = clock.start(() => resolve(give()), afterMs);
  });
  try {
    return await abortable(Promise.race([response, quiet]), signal);
  } finally {
    timer?.cancel();
  }
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

async function whole(
  next: () => Promise<Response>,
): Promise<{ status: number; headers: Headers; bytes: Uint8Array<ArrayBuffer> }> {
  const response = await next();
  const { status, headers } = response;
  return { status, headers, bytes: new Uint8Array(await response.arrayBuffer()) };
}

// Lets the server send the headers first: an error before that would become a 500.
const CUT_DELAY_MS = 20;

function cutStream(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let timer: Timer | undefined;
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      timer = systemClock.start(() => {
        controller.error(new TypeError("Connection cut by faults.drop()"));
      }, CUT_DELAY_MS);
    },
    cancel() {
      timer?.cancel();
    },
  });
}

const PIECE_BYTES = 65_536;

// Spaces are valid JSON inside a list, but this list is never closed.
function endless(bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const piece = new Uint8Array(PIECE_BYTES).fill(0x20);
  let left = bytes;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("["));
      left--;
    },
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(piece.slice(0, Math.min(left, PIECE_BYTES)));
      left -= PIECE_BYTES;
    },
  });
}
