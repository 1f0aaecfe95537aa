/**
 * Keeps one list fresh by a loop of blocking queries.
 *
 * @module
 */
import { fullJitter } from "../backoff.ts";
import type { PilotedError } from "../errors.ts";
import { CutPoll } from "../registry/cut_poll.ts";
import type { Session } from "../registry/session.ts";
import { RateLimit } from "../registry/rate_limit.ts";
import type { Consistency, Query } from "../source/source.ts";
import { onAbort, sleep } from "../wait.ts";
import { toPilotedError, Watch, type WatchObserver, type WatchOptions } from "./watch.ts";
import type { Restored } from "./state_update.ts";

const BACKOFF = { baseMs: 250, maxMs: 30_000 };
// A registry that asks for a longer pause is read again all the same.
const MAX_RETRY_AFTER_MS = 300_000;
// An agent that streams goes on responding with its copy for a while after it has lost its servers.
// A plain read goes to the servers, and fails without them.
const VERIFY_MS = 180_000;
// Ends a poll whose position is no longer trusted; never leaves this file.
const INTERRUPTED = Symbol("interrupted");

/**
 * Blocking queries by the book, for one (service, tag, datacenter). The loop backs off, waits and
 * goes on, and ends only with `stop()`.
 *
 * After any failure the first read is a plain one: an agent that was restarted may have an index
 * below the known one, and would hold a query for that index until it expires.
 *
 * Source of the rules: "Blocking Queries" and "Consistency Modes" of Consul's HTTP API documentation.
 */
export class LiveWatch extends Watch {
  readonly #intervalMs: number;
  readonly #rateLimit: RateLimit;
  #loop: Promise<void> | undefined;
  #poll = new AbortController();
  #wake: (() => void) | undefined;
  #consistency: Consistency;
  #isPositionDoubtful = false;
  #isProductive = false;
  #isFailing = false;
  #notBefore = 0;
  #cut: CutPoll | undefined;
  #verifyAt = Infinity;

  /**
   * Creates a watch that does nothing yet.
   *
   * @param query What is read.
   * @param intervalMs Milliseconds between two reads where no blocking query is possible.
   * @param session Reads the registry.
   * @param options Options of the client.
   * @param observer Receives what happens.
   * @param restored A list of a former run, used when the first read fails.
   */
  constructor(
    query: Query,
    intervalMs: number,
    session: Session,
    options: WatchOptions,
    observer: WatchObserver,
    restored?: Restored,
  ) {
    super(query, session, options, observer, restored);
    const { clock, minIntervalMs, keepProcessAlive, consistency } = options;
    this.#intervalMs = intervalMs;
    this.#consistency = consistency;
    this.#rateLimit = new RateLimit({
      clock,
      intervalMs: minIntervalMs,
      background: !keepProcessAlive,
    });
  }

  override start(): void {
    this.#loop ??= this.#run();
  }

  override async stop(): Promise<void> {
    this.session.probe.delete(this);
    const stopping = super.stop();
    this.#poll.abort(this.stopped.signal.reason);
    await this.#loop;
    await stopping;
  }

  /** Reads beside the loop, without disturbing a blocking query that can be trusted. */
  override async refresh(): Promise<void> {
    const { signal } = this.stopped;
    signal.throwIfAborted();
    try {
      const { wentBack } = await this.readNow(this.#consistency, false, signal);
      this.#succeeded();
      if (wentBack) this.#interrupt();
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const error = toPilotedError(cause, this.query.service);
      this.#failed(error);
      this.#interrupt();
      throw error;
    }
  }

  override reconnect(): void {
    this.state.forgetPosition();
    this.#interrupt();
    this.#wake?.();
  }

  /** Ends a backoff early, unless the registry asked for a pause. */
  hasten(): void {
    if (this.options.clock.now() >= this.#notBefore) this.#wake?.();
  }

  async #run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        await this.#rateLimit.take(this.#isProductive, signal);
        await this.#read();
        this.settle();
        await this.#rest();
      } catch (cause) {
        if (signal.aborted) break;
        if (cause === INTERRUPTED) continue;
        if (cause instanceof CutPoll) {
          // Whether the registry is away or something on the way ended the query, a plain read shows.
          this.#cut = cause;
          this.state.distrustPosition();
          continue;
        }
        // Whatever it is, a bug included, it ends this attempt and never the watch.
        const error = toPilotedError(cause, this.query.service);
        this.#failed(error);
        this.settle();
        this.#isProductive = false;
        // A list that cannot be used has a position all the same: the next query waits for another.
        const isListed = this.state.position !== undefined && error.limit === undefined;
        if (!isListed) await this.#backOff(error);
      }
    }
  }

  async #read(): Promise<void> {
    const { state } = this;
    const { position } = state;
    const isConfirming = state.confirmAfterMs !== undefined;
    this.#poll = new AbortController();
    const { signal } = this.#poll;
    if (this.stopped.signal.aborted) throw this.stopped.signal.reason;
    if (isConfirming || this.#isPositionDoubtful) {
      // Only the leader's own response settles a doubt.
      const { update } = await this.readNow(isConfirming ? "consistent" : "default", true, signal);
      this.#isPositionDoubtful = false;
      this.#isProductive = update.change !== undefined;
    } else if (position === undefined || !this.options.keepProcessAlive || this.#isVerifyDue) {
      const { update } = await this.readNow(this.#plainConsistency, false, signal);
      this.#planVerify();
      this.#isProductive = update.change !== undefined;
    } else {
      const reading = await this.session.read(
        this.query,
        { consistency: this.#consistency, wait: { position, watch: this } },
        signal,
      );
      if (this.session.isBehind(reading.position, state.knownPosition)) {
        // A restored or replaced registry, or a follower that lags: the leader decides.
        state.distrustPosition();
        this.#isPositionDoubtful = true;
        this.#isProductive = false;
      } else {
        this.#isProductive = this.apply(reading, false).change !== undefined;
        await this.countUntagged(signal);
      }
    }
    if (this.#cut !== undefined) this.session.confirmCut(this.#cut.heldMs);
    this.#succeeded();
  }

  get #isVerifyDue(): boolean {
    const { freshness } = this.state;
    if (freshness.backend !== "streaming" && freshness.cache === undefined) return false;
    return this.options.clock.now() >= this.#verifyAt;
  }

  /** A copy of the agent's would say nothing about its servers. */
  get #plainConsistency(): Consistency {
    return this.#isVerifyDue && this.#consistency === "cached" ? "stale" : this.#consistency;
  }

  #planVerify(): void {
    const { clock, random } = this.options;
    this.#verifyAt = clock.now() + VERIFY_MS * (1 + random() / 2);
  }

  #succeeded(): void {
    this.#notBefore = 0;
    this.#cut = undefined;
    this.#consistency = this.options.consistency;
    if (this.#isFailing) this.session.probe.recovered(this);
    this.#isFailing = false;
  }

  #failed(error: PilotedError): void {
    // A cluster without a leader still responds from its followers.
    if (error.status !== undefined && error.status >= 500) this.#consistency = "stale";
    this.#cut = undefined;
    this.#isFailing = true;
    this.fail(error);
  }

  /** Ends the poll under way: its position is no longer trusted. */
  #interrupt(): void {
    this.#poll.abort(INTERRUPTED);
  }

  async #backOff(error: PilotedError): Promise<void> {
    const { clock, random } = this.options;
    const isPaced = error.limit === "rate";
    const askedMs = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    // A rate limit is one for the whole client, and so is the pause after it.
    const pauseMs = isPaced ? Math.max(askedMs, this.session.pace.delayMs) : askedMs;
    const jitterMs = fullJitter(this.state.failureCount - 1, { ...BACKOFF, random });
    const delayMs = isPaced ? pauseMs : Math.max(pauseMs, jitterMs);
    const now = clock.now();
    this.#notBefore = now + pauseMs;
    this.state.planAttempt(now + delayMs);
    if (error.code === "REGISTRY_UNREACHABLE" || error.code === "TIMEOUT") {
      this.session.probe.add(this);
    }
    await this.#pause(delayMs);
  }

  /** Between two good responses: nothing with blocking queries, else the interval. */
  async #rest(): Promise<void> {
    const { random, keepProcessAlive } = this.options;
    const { confirmAfterMs, position } = this.state;
    if (confirmAfterMs !== undefined) {
      await this.#pause(confirmAfterMs);
    } else if (!this.#isPositionDoubtful && (position === undefined || !keepProcessAlive)) {
      // A tenth of jitter keeps a fleet that started together from reading together.
      await this.#pause(this.#intervalMs * (0.95 + 0.1 * random()));
    }
  }

  /** Waits; `hasten()` and `stop()` end it early. */
  async #pause(delayMs: number): Promise<void> {
    const { clock, keepProcessAlive } = this.options;
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    const remove = onAbort(this.stopped.signal, () => wake.abort());
    try {
      await sleep(clock, delayMs, { signal: wake.signal, background: !keepProcessAlive });
    } catch {
      // Ended early.
    } finally {
      remove();
      this.#wake = undefined;
    }
  }
}
