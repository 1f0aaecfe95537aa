/**
 * One question that tells which of many services changed.
 *
 * @module
 */
import { fullJitter } from "../backoff.ts";
import { type Clock, sleep, type Timer } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import type { Source, Summary } from "../source/source.ts";
import { TokenBucket } from "./rate_limit.ts";

/** What a hint leads to. */
export interface HintObserver {
  /** These services changed, and maybe others. */
  prefer(services: ReadonlySet<string>): void;
  /** Something changed, and the summary does not tell what: every parked watch is read. */
  readAll(): void;
  /** How many changes were found by reading all that nothing had named. */
  readonly found: number;
}

/** Options of {@linkcode ChangeHint}. */
export interface ChangeHintOptions {
  /** How many services are watched. */
  watched: () => number;
  /** What is asked now; a reload may replace it. */
  source: () => Source;
  /** Time. */
  clock: Clock;
  /** Random numbers in [0, 1). */
  random: () => number;
  /** Longest time that the registry may hold the question, in milliseconds. */
  waitMs: number;
  /** How long the registry may take beyond that, in milliseconds. */
  requestTimeoutMs: number;
}

// A summary of 1,000 services with 10 instances each costs Consul 1.8.7 about 30 ms.
const INTERVAL_MS = 250;
// A catalog so much larger than what is watched would cost more than it tells.
const MAX_CATALOG = 4;
// Where there is no summary to be had, it is tried again after this time.
const RETRY_MS = 600_000;
const BACKOFF = { baseMs: 250, maxMs: 30_000 };
// Reading everything because something that no summary shows may have changed: at first as often as
// this, and ever more seldom while that finds nothing.
const READ_ALL_MS = 1_500;
const MAX_READ_ALL_MS = 120_000;

/** Asks for the summary of all services, by blocking queries, and compares it with the one before. */
export class ChangeHint {
  readonly #options: ChangeHintOptions;
  readonly #observer: HintObserver;
  readonly #stop = new AbortController();
  readonly #bucket: TokenBucket;
  #active = false;
  #before: Summary | undefined;
  #readAllAt = 0;
  #found = 0;
  #readAllMs = READ_ALL_MS;
  #planned: Timer | undefined;

  /** Begins to ask. */
  constructor(options: ChangeHintOptions, observer: HintObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#bucket = new TokenBucket({ clock: options.clock, intervalMs: INTERVAL_MS });
    void this.#run(this.#stop.signal);
  }

  /** Whether a change of any service is noticed this way. */
  get active(): boolean {
    return this.#active;
  }

  /** Stops asking. */
  stop(): void {
    this.#active = false;
    this.#planned?.cancel();
    this.#stop.abort(new PilotedError("CLOSED", "Cannot go on asking for hints: closed"));
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#bucket.take(true, signal);
        const summary = await this.#ask(signal);
        failures = 0;
        this.#active = summary.services.size <= MAX_CATALOG * this.#options.watched();
        if (this.#active) this.#compare(summary);
        else await this.#rest(RETRY_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#active = false;
        this.#before = undefined;
        const { random } = this.#options;
        const delayMs = isFinal(error) ? RETRY_MS : fullJitter(failures++, { ...BACKOFF, random });
        await this.#rest(delayMs, signal);
      }
    }
  }

  #compare(summary: Summary): void {
    const before = this.#before;
    const back = before !== undefined && BigInt(summary.index) < BigInt(before.index);
    this.#before = back ? undefined : summary;
    if (before === undefined || back) {
      // What changed before the first summary, or while there was none, is not known.
      this.#observer.readAll();
      return;
    }
    if (summary.index === before.index) return;
    const changed = new Set<string>();
    for (const [name, facts] of summary.services) {
      if (before.services.get(name) !== facts) changed.add(name);
    }
    for (const name of before.services.keys()) {
      if (!summary.services.has(name)) changed.add(name);
    }
    this.#observer.prefer(changed);
    // A port or a weight is no part of the summary, and may have changed alone or along with others.
    this.#readAll();
  }

  /** Now, or as soon as it may be: soon while that finds something, ever later while it does not. */
  #readAll(): void {
    const { clock } = this.#options;
    const useful = this.#observer.found > this.#found;
    const vain = !useful && this.#readAllAt > 0;
    this.#found = this.#observer.found;
    if (useful) this.#readAllMs = READ_ALL_MS;
    else if (this.#planned !== undefined) return;
    this.#planned?.cancel();
    this.#planned = clock.start(() => {
      this.#planned = undefined;
      if (vain) this.#readAllMs = Math.min(MAX_READ_ALL_MS, this.#readAllMs * 2);
      this.#readAllAt = clock.now();
      this.#observer.readAll();
    }, Math.max(0, this.#readAllAt + this.#readAllMs - clock.now()));
  }

  async #ask(signal: AbortSignal): Promise<Summary> {
    const { source, clock, random, requestTimeoutMs } = this.#options;
    const { summarize } = source();
    if (summarize === undefined) {
      throw new PilotedError("REGISTRY_RESPONSE", "Cannot summarize: this source has no summary");
    }
    const waitMs = this.#options.waitMs * (0.5 + 0.5 * random());
    const attempt = new AbortController();
    const timer = clock.start(
      () => attempt.abort(new PilotedError("TIMEOUT", "Cannot summarize: no answer in time")),
      waitMs + waitMs / 16 + requestTimeoutMs,
    );
    const abort = () => attempt.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      const index = this.#before?.index;
      return await summarize.call(source(), {
        ...(index !== undefined && { index, waitMs }),
        signal: attempt.signal,
      });
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  async #rest(delayMs: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, delayMs, signal).catch(() => {});
  }
}

/** Refused for good, rather than out of reach for now. */
function isFinal(error: unknown): boolean {
  return error instanceof PilotedError &&
    (error.code === "REGISTRY_DENIED" || error.code === "REGISTRY_RESPONSE");
}
