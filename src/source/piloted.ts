/**
 * Lists of another Piloted: the lookup service as a tier.
 *
 * All lists come over one event stream. A blocking read waits for the next event of its list, and a
 * plain one takes the list that the stream has brought, so watches need no connections of their own.
 * While the upstream is away its lists stay and say so: readings go on, with the age of the data and
 * the reason.
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
import { describeNetworkError } from "../describe_network_error.ts";
import { PilotedError } from "../errors.ts";
import { parseRetryAfter } from "../retry_after.ts";
import { sleep } from "../wait.ts";
import { ConsulHttp, type ConsulHttpOptions } from "./consul_http.ts";
import { failureOf, type TierList } from "./piloted_lists.ts";
import { PilotedStream, type Upstream } from "./piloted_stream.ts";
import { readFacts, readList } from "./piloted_wire.ts";
import { narrowReading } from "./narrow_reading.ts";
import { readBody } from "./read_body.ts";
import type { Query, Reading, ReadOptions, Source } from "./source.ts";

/** Options of {@linkcode PilotedSource}. */
export interface PilotedSourceOptions {
  /** How each upstream is reached, the one to use first. A token is sent as a bearer token. */
  readonly upstreams: readonly ConsulHttpOptions[];
  /** Whether lists are followed over a stream; else each read is a request. @default {true} */
  readonly stream?: boolean | undefined;
  /** Time. @default {the system's} */
  readonly clock?: Clock | undefined;
  /** Random numbers in [0, 1). @default {Math.random} */
  readonly random?: (() => number) | undefined;
  /** Time for a response, in milliseconds. @default {10_000} */
  readonly requestTimeoutMs?: number | undefined;
  /** Largest response that is accepted, in bytes. @default {33_554_432} */
  readonly maxResponseBytes?: number | undefined;
}

interface Settings extends Pick<PilotedSourceOptions, "upstreams"> {
  readonly stream: boolean;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly maxResponseBytes: number;
}

interface Known {
  readonly etag: string;
  readonly reading: Reading;
}

// Parts of a query that an upstream cannot answer: its own configuration decides about them.
const FOREIGN = ["filter", "peer", "namespace", "partition", "samenessGroup", "address"] as const;
// Shorter than the deadline of a read, so that the reason is told and not the deadline.
const OPEN_SHARE = 0.5;
const HOLD_SHARE = 0.8;

/**
 * A {@linkcode Source} over the HTTP service of another Piloted.
 *
 * @example
 * ```ts ignore
 * const source = new PilotedSource({ upstreams: [{ url: "http://discovery:8080" }] });
 * const { endpoints } = await source.read({ service: "customers" });
 * await source.close();
 * ```
 */
export class PilotedSource implements Source {
  /** Always `"piloted"`. */
  readonly name = "piloted";
  readonly #options: Settings;
  readonly #stream: PilotedStream;
  readonly #known = new Map<string, Known>();

  /**
   * Creates a source; nothing is sent yet.
   *
   * @param options Options.
   * @throws {TypeError} when there is no upstream.
   */
  constructor(options: PilotedSourceOptions) {
    if (options.upstreams.length === 0) {
      throw new TypeError("Cannot create a PilotedSource: upstreams must not be empty");
    }
    const {
      stream = true,
      clock = systemClock,
      random = Math.random,
      requestTimeoutMs = 10_000,
      maxResponseBytes = 1 << 25,
    } = options;
    this.#options = {
      upstreams: options.upstreams,
      stream,
      clock,
      requestTimeoutMs,
      maxResponseBytes,
    };
    const upstreams = options.upstreams.map(toUpstream);
    const timeoutMs = requestTimeoutMs * OPEN_SHARE;
    this.#stream = new PilotedStream({ upstreams, clock, random, timeoutMs, maxResponseBytes });
  }

  /** The upstream in use, for messages. */
  get place(): string {
    return `the upstream ${this.address}`;
  }

  /** Address of the upstream in use. */
  get address(): string {
    return this.#stream.upstream.address;
  }

  /** Reads a list. See {@linkcode Source.read}. */
  async read(query: Query, options: ReadOptions = {}): Promise<Reading> {
    const { signal, consistency } = options;
    if (signal?.aborted) throw signal.reason;
    refuseForeign(query);
    refuseName(query.service);
    const isExact = consistency === "consistent" || consistency === "default";
    const isPlain = !this.#options.stream || this.#stream.isPlain;
    if (!isPlain && !isExact) return narrowReading(await this.#follow(query, options), query);
    // What the stream says after this is news.
    const position = isPlain
      ? undefined
      : (await this.#follow(query, { signal, position: undefined })).position;
    return narrowReading({ ...await this.#readPlain(query, signal), position }, query);
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    await this.#stream.close();
  }

  async #follow(query: Query, { position, waitMs = 0, signal }: ReadOptions): Promise<Reading> {
    const { clock, requestTimeoutMs } = this.#options;
    const stream = this.#stream;
    const list = stream.list(query.service);
    const read = () => list.reading(clock.now(), stream.heardAt);
    const isWaiting = () => {
      if (stream.isPlain || list.isUnknown) return false;
      return position === undefined ? read() === undefined : list.position === position;
    };
    const known = list.failure;
    const holdMs = position === undefined ? requestTimeoutMs * HOLD_SHARE : waitMs;
    await this.#wait(
      list,
      holdMs,
      signal,
      () => isWaiting() && (list.failure === undefined || list.failure === known),
    );
    if (list.isUnknown || stream.isPlain) {
      const reading = await this.#readPlain(query, signal);
      // It was not watched there before.
      if (list.isUnknown) stream.reopen();
      return reading;
    }
    const reading = read();
    if (reading !== undefined) return reading;
    throw list.failure ?? new PilotedError(
      "TIMEOUT",
      `Cannot read service ${JSON.stringify(query.service)} from ${this.place}: no list within ` +
        `${Math.round(holdMs)} ms`,
      { service: query.service },
    );
  }

  async #wait(
    list: TierList,
    maxMs: number,
    signal: AbortSignal | undefined,
    isWaiting: () => boolean,
  ): Promise<void> {
    if (!isWaiting()) return;
    const end = new AbortController();
    const both = signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]);
    const over = sleep(this.#options.clock, maxMs, { signal: both, background: true })
      .then(() => end.abort(), () => {});
    try {
      while (isWaiting()) await list.next(both);
    } catch {
      if (signal?.aborted) throw signal.reason;
    } finally {
      end.abort();
      await over;
    }
  }

  /** One request, at another upstream where the first one fails. */
  async #readPlain(query: Query, signal: AbortSignal | undefined): Promise<Reading> {
    let failure: unknown;
    for (const _ of this.#options.upstreams) {
      const { upstream } = this.#stream;
      try {
        return await this.#request(upstream, query, signal);
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        failure = error;
        const isGone = error instanceof PilotedError && error.code === "REGISTRY_UNREACHABLE";
        if (!isGone) throw error;
        this.#stream.leave(upstream);
      }
    }
    throw failure;
  }

  async #request(
    upstream: Upstream,
    { service }: Query,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Reading> {
    const { clock, maxResponseBytes } = this.#options;
    const { address } = upstream;
    const cannot = (code: "REGISTRY_RESPONSE" | "REGISTRY_UNREACHABLE", why: string, facts = {}) =>
      new PilotedError(
        code,
        `Cannot read service ${JSON.stringify(service)} from the upstream ${address}: ${why}`,
        { service, url: address, ...facts },
      );
    const key = `${address} ${service}`;
    const known = this.#known.get(key);
    const path = `/v1/services/${encodeURIComponent(service.toWellFormed())}`;
    const headers = {
      accept: "application/json",
      ...known !== undefined && { "if-none-match": known.etag },
    };
    let text: string | undefined;
    let response: Response;
    try {
      response = await upstream.get(path, headers, signal);
      text = await readBody(response, maxResponseBytes);
    } catch (cause) {
      if (cause instanceof PilotedError || signal.aborted) throw cause;
      throw cannot("REGISTRY_UNREACHABLE", describeNetworkError(cause), { cause });
    }
    const { status } = response;
    const ageMs = Number(response.headers.get("piloted-age-ms") ?? 0) || 0;
    if (status === 304 && known !== undefined) {
      const { standing } = known.reading;
      return { ...known.reading, standing: { ...standing!, ageMs } };
    }
    if (status === 404) {
      throw cannot("REGISTRY_RESPONSE", `it does not watch ${JSON.stringify(service)}`, { status });
    }
    if (status !== 200) {
      const retryAfterMs = parseRetryAfter(response.headers, clock.now());
      const code = status >= 500 || status === 429 ? "REGISTRY_UNREACHABLE" : "REGISTRY_RESPONSE";
      throw cannot(code, `status ${status}`, { status, retryAfterMs });
    }
    if (text === undefined) {
      throw cannot("REGISTRY_RESPONSE", `the response is larger than ${maxResponseBytes} bytes`);
    }
    let reading: Reading;
    try {
      reading = decode(service, text, this.place);
    } catch (cause) {
      if (cause instanceof PilotedError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw cannot("REGISTRY_RESPONSE", `the response cannot be used: ${why}`, { cause });
    }
    const etag = response.headers.get("etag");
    if (etag !== null) this.#known.set(key, { etag, reading });
    return reading;
  }
}

function toUpstream(options: ConsulHttpOptions): Upstream {
  const { url: address, fetch = (input, init) => globalThis.fetch(input, init) } = options;
  const http = new ConsulHttp(options);
  return {
    address,
    get: (path, headers, signal) =>
      http.authorized(async (token) => {
        const response = await fetch(address + path, {
          headers: { ...headers, ...token && { authorization: `Bearer ${token}` } },
          // It could lead the token to another host.
          redirect: "manual",
          signal,
        });
        const { status } = response;
        if (status !== 401 && status !== 403) return response;
        await response.body?.cancel().catch(() => {});
        const why = token ? "it refuses the token" : "it wants a token, and none is configured";
        throw new PilotedError(
          "REGISTRY_DENIED",
          `Cannot read from the upstream ${address}: ${why} (status ${status}); set upstream.token ` +
            "or $PILOTED_UPSTREAM_TOKEN",
          { url: address, status },
        );
      }, signal),
  };
}

function decode(service: string, text: string, place: string): Reading {
  const value = JSON.parse(text) as Record<string, unknown>;
  const watches = Array.isArray(value?.watches) ? value.watches : [];
  const facts = readFacts({
    ...value,
    skippedReasons: watches.flatMap((watch) => watch?.skippedReasons ?? []),
    skippedCount: watches.reduce((sum, watch) => sum + (watch?.instanceCounts?.skipped ?? 0), 0),
  });
  if (facts.state === "pending") throw failureOf(service, facts, place);
  const failure = facts.state === "live" ? undefined : failureOf(service, facts, place);
  const { ageMs = 0 } = facts;
  return {
    ...readList(service, value.endpoints, facts),
    position: undefined,
    freshness: {},
    standing: { ageMs, failure, isAccepted: false },
  };
}

function refuseForeign(query: Query): void {
  const name = FOREIGN.find((each) => Boolean(query[each as keyof Query]));
  if (name === undefined) return;
  const { service } = query;
  throw new PilotedError(
    "REGISTRY_RESPONSE",
    `Cannot read service ${
      JSON.stringify(service)
    } with "${name}" from an upstream: put that into a ` +
      'watch of the upstream, with a name of its own ("as"), and watch that name here',
    { service },
  );
}

// Names that mean something else in a path or in the query of a stream, and those that no URL carries.
function refuseName(service: string): void {
  if (!["", ".", "..", "*"].includes(service) && service.isWellFormed()) return;
  throw new PilotedError(
    "REGISTRY_RESPONSE",
    `Cannot read service ${JSON.stringify(service)} from an upstream: it is no name of a service`,
    { service },
  );
}
