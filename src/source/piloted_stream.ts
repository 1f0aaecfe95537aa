/**
 * The one event stream over which a client follows all its lists at another Piloted.
 *
 * One of several upstreams is used at a time, and another when it fails. Whoever loses a stream waits
 * for a random part of the time that the upstream asked for before it comes back: an upstream that
 * serves many clients asks for more, so that a restart is not followed by a rush.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { describeNetworkError } from "../describe_network_error.ts";
import { PilotedError } from "../errors.ts";
import { onAbort, sleep } from "../wait.ts";
import { TierList } from "./piloted_lists.ts";
import { EventParser, readMessage, type TierMessage, WIRE_VERSION } from "./piloted_wire.ts";

/** One upstream. */
export interface Upstream {
  /** Shown in messages. */
  readonly address: string;
  /**
   * Sends a request with the current token.
   *
   * @throws {PilotedError} `REGISTRY_DENIED` when it is refused.
   */
  get(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response>;
}

/** Options of {@linkcode PilotedStream}. */
export interface PilotedStreamOptions {
  /** The upstreams, the one to use first. */
  readonly upstreams: readonly Upstream[];
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Time for the first event of a stream, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest event that is accepted, in bytes. */
  readonly maxResponseBytes: number;
}

// Longer query strings are refused by servers; then the stream is that of all services.
const MAX_NAMES_LENGTH = 6_000;
// What an upstream asks for that says nothing, and the longest time that is waited.
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
// Heartbeats that may be missing before a connection counts as dead.
const MISSED_HEARTBEATS = 3;
// How long lists are read without streams after it turned out that streams do not come through.
const PLAIN_MS = 300_000;
// Streams that something on the way cuts after this time are opened anew a little earlier.
const CUT_MS = [5_000, 600_000] as const;
// Ends a stream that is opened again at once; never leaves this file.
const REOPEN = Symbol("reopen");

/** The stream, and the lists that come over it. */
export class PilotedStream {
  readonly #options: PilotedStreamOptions;
  readonly #lists = new Map<string, TierList>();
  readonly #closed = new AbortController();
  #current = new AbortController();
  #loop: Promise<void> | undefined;
  #server = 0;
  #revision = 0;
  #opened = "";
  #lastId: string | undefined;
  #retryMs = RETRY_MS;
  #failures = 0;
  #heardAt = 0;
  #plainUntil = 0;
  #heartbeatMs = 15_000;
  #epoch = "";
  #cutAfterMs = 0;
  #renewMs = Infinity;

  /** Creates a stream that is not open. */
  constructor(options: PilotedStreamOptions) {
    this.#options = options;
  }

  /** The upstream in use. */
  get upstream(): Upstream {
    return this.#options.upstreams[this.#server]!;
  }

  /** When the upstream last gave a sign of life, in milliseconds since the Unix epoch. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Whether streams do not come through at present. */
  get isPlain(): boolean {
    return this.#options.clock.now() < this.#plainUntil;
  }

  /** Uses the next upstream; for plain reads that failed at the given one. */
  leave(upstream: Upstream): void {
    if (upstream !== this.upstream) return;
    this.#server = (this.#server + 1) % this.#options.upstreams.length;
  }

  /** The list of a service. From the first call on the stream follows it. */
  list(service: string): TierList {
    const key = service.toLowerCase();
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = new TierList(service, () => ++this.#revision);
      this.#lists.set(key, list);
      if (this.#opened !== "") this.reopen();
    }
    this.#loop ??= this.#run();
    return list;
  }

  /** Opens the stream anew, with everything. */
  reopen(): void {
    this.#lastId = undefined;
    this.#current.abort(REOPEN);
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.#closed.abort(new PilotedError("CLOSED", "Cannot go on reading: closed"));
    this.#current.abort(this.#closed.signal.reason);
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, random, upstreams } = this.#options;
    const { signal } = this.#closed;
    const pause = (ms: number) => sleep(clock, ms, { signal, background: true });
    try {
      while (!signal.aborted) {
        // Watches that start together are one stream.
        await pause(0);
        const openedAt = clock.now();
        const failures = this.#failures;
        const error = await this.#follow();
        signal.throwIfAborted();
        if (error === undefined) continue;
        if (this.isPlain) {
          for (const list of this.#lists.values()) list.wake();
          await pause(this.#plainUntil - clock.now());
        } else if (this.#failures === failures) {
          // It was open. Whether the upstream is away, the next attempt shows.
          this.#noteCut(clock.now() - openedAt);
          for (const list of this.#lists.values()) list.heard(this.#heardAt);
          await pause(random() * this.#retryMs);
        } else {
          for (const list of this.#lists.values()) list.fail(error);
          this.leave(this.upstream);
          const rounds = Math.floor(this.#failures / upstreams.length);
          const maxMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2 ** Math.min(rounds, 10));
          await pause(Math.max(random() * maxMs, error.retryAfterMs ?? 0));
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Follows one stream to its end; returns why it ended, `undefined` to open the next one at once. */
  async #follow(): Promise<PilotedError | undefined> {
    const { clock, timeoutMs } = this.#options;
    const { upstream } = this;
    const current = this.#current = new AbortController();
    if (this.#closed.signal.aborted) return undefined;
    const names = this.#query();
    const place = `${upstream.address}${names}`;
    if (this.#opened !== place) this.#lastId = undefined;
    this.#opened = place;
    let isOpen = false;
    let hasResponse = false;
    const startedAt = clock.now();
    this.#heardAt = Math.max(this.#heardAt, 0);
    const late = () => {
      const why = hasResponse ? "no event came through" : "no response";
      return this.#error(upstream, `${why} within ${timeoutMs} ms`);
    };
    let timer = clock.start(() => current.abort(late()), timeoutMs, true);
    const watchOver = (): void => {
      const limitMs = MISSED_HEARTBEATS * this.#heartbeatMs;
      const now = clock.now();
      if (now - startedAt >= this.#renewMs) return current.abort(REOPEN);
      if (now - this.#heardAt >= limitMs) {
        const message = `no sign of life for ${Math.round(limitMs / 1_000)} s`;
        return current.abort(this.#error(upstream, message));
      }
      const dueMs = Math.min(this.#heardAt + limitMs, startedAt + this.#renewMs) - now;
      timer = clock.start(watchOver, dueMs, true);
    };
    try {
      const headers = {
        accept: "text/event-stream",
        ...this.#lastId !== undefined && { "last-event-id": this.#lastId },
      };
      const response = await upstream.get(`/v1/events?${names}`, headers, current.signal);
      hasResponse = true;
      const type = response.headers.get("content-type") ?? "";
      if (response.status !== 200 || !type.startsWith("text/event-stream")) {
        await response.body?.cancel().catch(() => {});
        // An upstream without streams, or one that knows other formats.
        if (response.status === 501 || response.status === 404 || response.status === 200) {
          return this.#giveUpStreams(upstream);
        }
        throw this.#error(upstream, `status ${response.status}`, response.status);
      }
      for await (const message of this.#messages(response, current.signal)) {
        this.#heardAt = clock.now();
        if (!isOpen) {
          if (message?.type !== "hello" || message.version !== WIRE_VERSION) {
            return this.#giveUpStreams(upstream);
          }
          isOpen = true;
          this.#failures = 0;
          this.#epoch = message.epoch;
          this.#heartbeatMs = message.heartbeatMs;
          timer.cancel();
          watchOver();
        } else if (message !== undefined && !this.#take(message, upstream)) {
          this.#lastId = undefined;
          return undefined;
        }
      }
      if (!isOpen) return this.#giveUpStreams(upstream);
      return this.#error(upstream, "the stream ended");
    } catch (cause) {
      if (current.signal.reason === REOPEN) return undefined;
      if (isOpen) return toError(cause, upstream, this.#error);
      this.#failures++;
      if (hasResponse && current.signal.aborted) return this.#giveUpStreams(upstream);
      return toError(current.signal.reason ?? cause, upstream, this.#error);
    } finally {
      timer.cancel();
      current.abort(REOPEN);
    }
  }

  async *#messages(
    response: Response,
    signal: AbortSignal,
  ): AsyncGenerator<TierMessage | undefined> {
    const reader = response.body!.getReader();
    const remove = onAbort(signal, () => void reader.cancel().catch(() => {}));
    const decoder = new TextDecoder();
    const parser = new EventParser(this.#options.maxResponseBytes);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (signal.aborted) throw signal.reason;
        if (done) return;
        this.#heardAt = this.#options.clock.now();
        for (const block of parser.push(decoder.decode(value, { stream: true }))) {
          this.#retryMs = Math.min(MAX_RETRY_MS, block.retryMs ?? this.#retryMs);
          if (block.type !== undefined) yield readMessage(block);
          // Only now: what came before was taken.
          if (block.id !== undefined) this.#lastId = block.id;
        }
      }
    } finally {
      remove();
      reader.cancel().catch(() => {});
    }
  }

  /** Returns whether it fits. */
  #take(message: TierMessage, { address }: Upstream): boolean {
    if (message.type === "hello" || message.type === "closing") return true;
    const list = this.#lists.get(message.service.toLowerCase());
    const place = `the upstream ${address}`;
    return list?.take(message, this.#epoch, this.#options.clock.now(), place) ?? true;
  }

  #giveUpStreams(upstream: Upstream): PilotedError {
    this.#plainUntil = this.#options.clock.now() + PLAIN_MS;
    return this.#error(upstream, "streams do not come through");
  }

  /** Two streams that lasted equally long were cut by something on the way. */
  #noteCut(lastedMs: number): void {
    const [min, max] = CUT_MS;
    const isAlike = Math.abs(lastedMs - this.#cutAfterMs) < 0.1 * lastedMs;
    if (lastedMs >= min && lastedMs <= max && isAlike) this.#renewMs = 0.8 * lastedMs;
    this.#cutAfterMs = lastedMs;
  }

  #query(): string {
    const names = [...this.#lists.values()].map(({ service }) =>
      `service=${encodeURIComponent(service.toWellFormed())}`
    ).join("&");
    return names.length > MAX_NAMES_LENGTH ? "service=*" : names;
  }

  readonly #error = ({ address }: Upstream, why: string, status?: number): PilotedError =>
    new PilotedError(
      "REGISTRY_UNREACHABLE",
      `Cannot follow the lists of the upstream ${address}: ${why}`,
      { url: address, status },
    );
}

function toError(
  cause: unknown,
  upstream: Upstream,
  create: (upstream: Upstream, why: string) => PilotedError,
): PilotedError {
  if (cause instanceof PilotedError) return cause;
  const { code, message, url } = create(upstream, describeNetworkError(cause));
  return new PilotedError(code, message, { url, cause });
}
