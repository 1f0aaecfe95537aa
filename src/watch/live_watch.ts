/**
 * Keeps the list of one query fresh.
 *
 * @module
 */
import { fullJitter } from "../backoff.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { Consistency, Query, Reading } from "../source/source.ts";
import { ask } from "../registry/ask.ts";
import { Guard } from "./empty_list_guard.ts";
import { Pause } from "./pause.ts";
import type { WatchStatus } from "./status.ts";
import { TokenBucket } from "../registry/rate_limit.ts";
import type { WatchContext } from "../registry/watch_context.ts";
import { type Restored, type WatchObserver, WatchRecord } from "./watch_record.ts";

const BACKOFF = { baseMs: 250, maxMs: 30_000 };
// A registry that asks for more patience than this is asked again all the same.
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * The only thing that loops, backs off and waits: blocking queries by the book, for one
 * (service, tag, datacenter). It ends only with {@linkcode Watcher.stop}.
 *
 * Source of the rules: "Blocking Queries" and "Consistency Modes" of Consul's HTTP API documentation.
 */
export class Watcher {
  /** Settles when the first question was answered or has failed; never rejects. */
  readonly asked: Promise<void>;

  readonly #record: WatchRecord;
  readonly #context: WatchContext;
  readonly #intervalMs: number;
  readonly #restored: Restored | undefined;
  readonly #guard: Guard;
  readonly #bucket: TokenBucket;
  readonly #pause: Pause;
  readonly #stop = new AbortController();
  #settleAsked: () => void = () => {};
  #loop: Promise<void> | undefined;
  #consistency: Consistency;
  #doubtIndex = false;
  #productive = false;
  #notBefore = 0;

  /**
   * Makes a watcher at rest.
   *
   * @param query What is asked.
   * @param intervalMs Milliseconds between two questions where no blocking query is possible.
   * @param context What all watchers of a client share.
   * @param observer Who is told.
   * @param restored A list of a former run, used when the first question fails.
   */
  constructor(
    query: Query,
    intervalMs: number,
    context: WatchContext,
    observer: WatchObserver,
    restored?: Restored,
  ) {
    const { clock, consistency, emptyPolicy, minIntervalMs, keepAlive } = context.options;
    this.#record = new WatchRecord(query, context.options, observer);
    this.#context = context;
    this.#intervalMs = intervalMs;
    this.#restored = restored;
    this.#consistency = consistency;
    this.#guard = new Guard(emptyPolicy);
    this.#bucket = new TokenBucket({ clock, intervalMs: minIntervalMs, background: !keepAlive });
    this.#pause = new Pause(clock, !keepAlive);
    this.asked = new Promise((resolve) => this.#settleAsked = resolve);
  }

  /** What is asked. */
  get query(): Query {
    return this.#record.query;
  }

  /** What may be handed out, in a stable order. */
  get endpoints(): readonly Endpoint[] {
    return this.#record.endpoints;
  }

  /** Every instance that the registry lists, in whatever health; only with the option `zone`. */
  get known(): readonly Endpoint[] {
    return this.#record.known;
  }

  /** Whether the registry has answered at least once. */
  get answered(): boolean {
    return this.#record.answered;
  }

  /** When the content last changed, in milliseconds since the Unix epoch; 0 for never. */
  get changedAt(): number {
    return this.#record.changedAt ?? 0;
  }

  /** When the registry last confirmed the list, in milliseconds since the Unix epoch. */
  get confirmedAt(): number | undefined {
    return this.#record.confirmedAt;
  }

  /** Since when every question has failed, in milliseconds since the Unix epoch. */
  get failingSince(): number | undefined {
    return this.#record.failingSince;
  }

  /** The last failure since the last success. */
  get error(): PilotedError | undefined {
    return this.#record.error;
  }

  /** What is known, how fresh it is, and why it is not fresher. */
  status(): WatchStatus {
    return this.#record.status();
  }

  /** Begins to ask. Calling it again does nothing. */
  start(): void {
    this.#loop ??= this.#run(this.#stop.signal);
  }

  /** Stops asking, ends what is under way, and waits until nothing is left. */
  async stop(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      const { service } = this.query;
      this.#stop.abort(
        new PilotedError(
          "CLOSED",
          `Cannot go on reading service ${JSON.stringify(service)}: closed`,
          {
            service,
          },
        ),
      );
      this.#context.recovery.delete(this);
      this.#record.enter("closed");
    }
    await this.#loop;
    this.#settleAsked();
  }

  /**
   * Asks once beside the loop, without disturbing a question that the registry holds.
   *
   * @throws {PilotedError} what the source threw; the list stays as it is.
   */
  async refresh(): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    try {
      let reading = await this.#askNow(this.#consistency, signal);
      if (this.#goesBack(reading)) {
        reading = await this.#askNow("default", signal);
        this.#record.index = "0";
      }
      this.#take(reading, false);
    } catch (cause) {
      const error = this.#context.toError(cause, this.query);
      if (!signal.aborted) this.#blame(error);
      throw error;
    }
  }

  /** Ends a backoff early, unless the registry asked for patience. */
  hasten(): void {
    if (this.#context.options.clock.now() >= this.#notBefore) this.#pause.end();
  }

  /** Forgets the index: the registry was replaced by another. */
  forgetIndex(): void {
    this.#record.index = "0";
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#bucket.take(this.#productive, signal);
        await this.#once(signal);
        this.#settleAsked();
        await this.#rest(signal);
      } catch (cause) {
        // Whatever it is, a bug included, it ends this attempt and never the watch.
        if (signal.aborted) break;
        const error = this.#context.toError(cause, this.query);
        this.#blame(error);
        this.#settleAsked();
        await this.#backOff(error, signal);
      }
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const record = this.#record;
    const confirming = this.#guard.confirmAfterMs !== undefined;
    if (confirming || this.#doubtIndex) {
      // Only the leader's own word settles a doubt.
      const reading = await this.#askNow(confirming ? "consistent" : "default", signal);
      this.#doubtIndex = false;
      record.index = "0";
      this.#take(reading, true);
    } else if (record.index === "0" || !this.#context.options.keepAlive) {
      this.#receive(await this.#askNow(this.#consistency, signal));
    } else {
      const turn = await this.#context.scheduler.longTurn(this, signal);
      try {
        const question = turn.waitMs === 0
          ? { consistency: this.#consistency }
          : { consistency: this.#consistency, index: record.index, waitMs: turn.waitMs };
        this.#receive(await ask(this.#context, this.query, question, signal));
      } finally {
        turn.release();
      }
    }
  }

  /** A question that the registry answers at once. */
  async #askNow(consistency: Consistency, signal: AbortSignal): Promise<Reading> {
    const turn = await this.#context.scheduler.shortTurn(signal);
    try {
      return await ask(this.#context, this.query, { consistency }, signal);
    } finally {
      turn.release();
    }
  }

  /** An index that goes back means a restored or replaced registry, or a follower that lags: the leader decides. */
  #receive(reading: Reading): void {
    if (!this.#goesBack(reading)) return this.#take(reading, false);
    this.#record.index = "0";
    this.#doubtIndex = true;
    this.#productive = false;
    this.#succeed(reading);
  }

  #goesBack(reading: Reading): boolean {
    return BigInt(reading.index) < BigInt(this.#record.index);
  }

  #take(reading: Reading, fromLeader: boolean): void {
    const record = this.#record;
    const verdict = this.#guard.judge(record.listed, reading.endpoints.length, fromLeader);
    record.index = reading.index;
    this.#succeed(reading);
    if (verdict === "believe") {
      this.#productive = record.believe(reading);
    } else {
      this.#productive = false;
      record.enter("unconfirmed");
    }
  }

  #succeed(reading: Reading): void {
    const failed = this.#record.failures > 0;
    this.#record.succeed(reading);
    this.#notBefore = 0;
    this.#consistency = this.#context.options.consistency;
    if (failed) this.#context.recovery.recovered(this);
    this.#context.scheduler.succeeded();
  }

  #blame(error: PilotedError): void {
    if (error.status === 429) this.#context.scheduler.refused();
    // A cluster without a leader still answers from its followers.
    if (error.status !== undefined && error.status >= 500) this.#consistency = "stale";
    const first = !this.answered && this.#record.failures === 0;
    this.#record.fail(error);
    if (first && this.#restored !== undefined) this.#record.restore(this.#restored);
  }

  async #backOff(error: PilotedError, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context.options;
    const patienceMs = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    const now = clock.now();
    const jitterMs = fullJitter(this.#record.failures - 1, { ...BACKOFF, random });
    const delayMs = Math.max(patienceMs, jitterMs);
    this.#notBefore = now + patienceMs;
    this.#record.nextAttemptAt = now + delayMs;
    if (error.code === "REGISTRY_UNREACHABLE" || error.code === "TIMEOUT") {
      this.#context.recovery.add(this);
    }
    await this.#pause.wait(delayMs, signal);
  }

  /** Between two good answers: nothing with blocking queries, else the interval. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { random, keepAlive } = this.#context.options;
    const confirmAfterMs = this.#guard.confirmAfterMs;
    if (confirmAfterMs !== undefined) {
      await this.#pause.wait(confirmAfterMs, signal);
    } else if (!this.#doubtIndex && (this.#record.index === "0" || !keepAlive)) {
      // A tenth of jitter keeps a fleet that started together from asking together.
      await this.#pause.wait(this.#intervalMs * (0.95 + 0.1 * random()), signal);
    }
  }
}
