/**
 * One query that says which of many services changed.
 *
 * @module
 */
import { fullJitter } from "../backoff.ts";
import type { Clock, Timer } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import { CutPoll } from "./cut_poll.ts";
import type { ReadOptions, Summary } from "../source/source.ts";
import { sleep } from "../wait.ts";
import { RateLimit } from "./rate_limit.ts";

/** Receives hints. */
export interface HintObserver {
  /** These services changed, and maybe others. */
  read(services: ReadonlySet<string>): void;
  /** Something changed, and the summary does not say what: every parked watch is read. */
  readAll(): void;
  /** Changes are not noticed any more, until the next call of `read()` or `readAll()`. */
  lost(): void;
  /** Number of changes that were found by reading everything. */
  readonly foundCount: number;
}

/** The part of a session that a hint needs. */
export interface Summaries {
  /** Reads the summary of all services. */
  summarize(options: ReadOptions, signal: AbortSignal): Promise<Summary>;
  /** Whether a position lies behind one that was read before. */
  isBehind(position: string | undefined, known: string | undefined): boolean;
}

/** Options of {@linkcode ChangeHint}. */
export interface ChangeHintOptions {
  /** Number of services that are watched. */
  readonly watchedCount: () => number;
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Maximum wait of a query, in milliseconds. */
  readonly waitMs: number;
}

// A summary of 1,000 services with 10 instances each costs Consul 1.8.7 about 30 ms.
const INTERVAL_MS = 250;
// A catalog that is so much larger than what is watched would cost more than it tells.
const MAX_CATALOG = 4;
// Where there is no summary, the next attempt is made after this time.
const RETRY_MS = 600_000;
const BACKOFF = { baseMs: 250, maxMs: 30_000 };
// Everything is read because something that no summary shows may have changed: at first as often as
// this, and ever more rarely while that finds nothing.
const READ_ALL_MS = 1_500;
const MAX_READ_ALL_MS = 120_000;

/** Reads the summary of all services, by blocking queries, and compares it with the one before. */
export class ChangeHint {
  readonly #summaries: Summaries;
  readonly #options: ChangeHintOptions;
  readonly #observer: HintObserver;
  readonly #stop = new AbortController();
  readonly #rateLimit: RateLimit;
  #active = false;
  #before: Summary | undefined;
  #isCut = false;
  #readAllAt = 0;
  #foundCount = 0;
  #readAllMs = READ_ALL_MS;
  #planned: Timer | undefined;

  /** Starts to read. */
  constructor(summaries: Summaries, options: ChangeHintOptions, observer: HintObserver) {
    this.#summaries = summaries;
    this.#options = options;
    this.#observer = observer;
    this.#rateLimit = new RateLimit({ clock: options.clock, intervalMs: INTERVAL_MS });
    void this.#run(this.#stop.signal);
  }

  /** Whether a change of any service is noticed this way. */
  get active(): boolean {
    return this.#active;
  }

  /** Stops reading. */
  stop(): void {
    this.#active = false;
    this.#planned?.cancel();
    this.#stop.abort(new PilotedError("CLOSED", "Cannot go on reading hints: closed"));
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#rateLimit.take(true, signal);
        const summary = await this.#read(signal);
        failures = 0;
        this.#isCut = false;
        const { size } = summary.services;
        this.#become(size <= MAX_CATALOG * this.#options.watchedCount());
        if (this.#active) this.#compare(summary);
        else await this.#rest(RETRY_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        // Ended by a proxy: what was known before still is.
        this.#isCut = error instanceof CutPoll && failures++ === 0;
        if (this.#isCut) continue;
        this.#become(false);
        this.#before = undefined;
        const { random } = this.#options;
        const delayMs = isFinal(error) ? RETRY_MS : fullJitter(failures++, { ...BACKOFF, random });
        await this.#rest(delayMs, signal);
      }
    }
  }

  #become(active: boolean): void {
    const wasActive = this.#active;
    this.#active = active;
    if (wasActive && !active) this.#observer.lost();
  }

  #compare(summary: Summary): void {
    const before = this.#before;
    const isBehind = this.#summaries.isBehind(summary.position, before?.position);
    this.#before = isBehind ? undefined : summary;
    if (before === undefined || isBehind) {
      // What changed before the first summary, or while there was none, is not known.
      this.#observer.readAll();
      return;
    }
    if (summary.position === before.position) return;
    const changed = new Set<string>();
    for (const [name, facts] of summary.services) {
      if (before.services.get(name) !== facts) changed.add(name);
    }
    for (const name of before.services.keys()) {
      if (!summary.services.has(name)) changed.add(name);
    }
    this.#observer.read(changed);
    // A port or a weight is not in the summary, and may have changed alone or along with others.
    this.#readAll();
  }

  /** Now, or when it is due: soon while that finds something, ever later while it does not. */
  #readAll(): void {
    const { clock } = this.#options;
    const useful = this.#observer.foundCount > this.#foundCount;
    const inVain = !useful && this.#readAllAt > 0;
    this.#foundCount = this.#observer.foundCount;
    if (useful) this.#readAllMs = READ_ALL_MS;
    else if (this.#planned !== undefined) return;
    this.#planned?.cancel();
    this.#planned = clock.start(() => {
      this.#planned = undefined;
      if (inVain) this.#readAllMs = Math.min(MAX_READ_ALL_MS, this.#readAllMs * 2);
      this.#readAllAt = clock.now();
      this.#observer.readAll();
    }, Math.max(0, this.#readAllAt + this.#readAllMs - clock.now()));
  }

  #read(signal: AbortSignal): Promise<Summary> {
    const position = this.#before?.position;
    if (position === undefined || this.#isCut) return this.#summaries.summarize({}, signal);
    const waitMs = this.#options.waitMs * (0.5 + 0.5 * this.#options.random());
    return this.#summaries.summarize({ position, waitMs }, signal);
  }

  async #rest(delayMs: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, delayMs, { signal }).catch(() => {});
  }
}

/** Refused for good, rather than out of reach for now. */
function isFinal(error: unknown): boolean {
  return error instanceof PilotedError &&
    (error.code === "REGISTRY_DENIED" || error.code === "REGISTRY_RESPONSE");
}
