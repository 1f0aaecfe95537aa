/**
 * One call of the balanced fetch.
 *
 * @module
 */
import type { Lease } from "../balance/lease.ts";
import { PilotedError } from "../errors.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import { abortable, deadline, lateExtension, onAbort, sleep } from "../wait.ts";
import { Attempt } from "./attempt.ts";
import { callFailure, outcomeOf, recordAttempt, releaseLease } from "./attempt_outcome.ts";
import { discard } from "./body_end.ts";
import type { CallContext } from "./call_context.ts";
import { acquireLease, type CallTarget, type Tried } from "./call_target.ts";
import type { FetchCallObserver } from "./fetch_observer.ts";
import { HedgeRace } from "./hedge.ts";
import type { LatencyQuantile } from "./latency_quantile.ts";
import type { Hedging } from "./service_traffic.ts";
import { askedPause, backoff, isSafe, mayRetry } from "./retry_policy.ts";

// An endpoint that asks for a longer pause is tried again after this.
const LONGEST_REST_MS = 300_000;

/** Sends one request, in one or more attempts. */
export class BalancedCall {
  readonly #context: CallContext;
  readonly #target: CallTarget;
  readonly #init: RequestInit | undefined;
  readonly #observer: FetchCallObserver | undefined;
  readonly #hops: number;
  #deadline = Infinity;
  #failed: RequestAttempt[] | undefined;
  #hasLeft = false;

  /**
   * @param context What it shares with other calls.
   * @param target Where the request goes, and what it may do.
   * @param init The rest of the request.
   * @param hops How many redirects led to it.
   * @param observer Called with every attempt.
   */
  constructor(
    context: CallContext,
    target: CallTarget,
    init: RequestInit | undefined,
    hops: number,
    observer?: FetchCallObserver,
  ) {
    this.#context = context;
    this.#target = target;
    this.#init = init;
    this.#hops = hops;
    this.#observer = observer;
  }

  /**
   * Sends the request.
   *
   * @returns The first response that is no rejection, or the last rejection. Rejects with a
   * `PilotedError` (`NO_ENDPOINTS`, `OVERLOADED`, `TIMEOUT`, `REQUEST_FAILED`, `CLOSED`), or with the
   * signal's own reason when it aborts.
   * @throws The same when nothing was sent.
   */
  send(): Promise<Response> {
    const { traffic, policy: { timeoutMs } } = this.#target;
    const { source, options } = this.#context;
    this.#signal?.throwIfAborted();
    traffic.enter();
    if (source.mode === "on-demand" || options.waitForEndpointsMs > 0) return this.#sendLater();
    try {
      const lease = this.#acquire(undefined);
      this.#deadline = lease.startedAt + timeoutMs;
      return this.#begin(lease);
    } catch (error) {
      throw this.#left(error);
    }
  }

  async #sendLater(): Promise<Response> {
    try {
      return await this.#begin(await this.#waitForFirst());
    } catch (error) {
      throw this.#left(error);
    }
  }

  #begin(lease: Lease): Promise<Response> {
    const { traffic, policy } = this.#target;
    traffic.count(lease.startedAt, policy.hedge);
    return this.#attempt(lease);
  }

  #attempt(lease: Lease): Promise<Response> {
    const { traffic, policy: { hedge } } = this.#target;
    if (hedge !== undefined && isSafe(this.#init)) {
      return this.#race(lease, traffic.hedging(hedge));
    }
    const timeoutMs = this.#timeoutFor(lease);
    const isAbortable = timeoutMs < Infinity || this.#context.options.closeGraceMs < Infinity;
    return this.#at(lease, timeoutMs, isAbortable, false).send((attempt) => this.#ended(attempt));
  }

  #at(lease: Lease, timeoutMs: number, isAbortable: boolean, hedge: boolean): Attempt {
    const hops = this.#hops;
    const plan = { lease, hedge, timeoutMs, isAbortable, hops };
    return new Attempt(this.#context, this.#target, this.#init, plan);
  }

  #ended(attempt: Attempt): Response | Promise<Response> {
    let outcome: AttemptOutcome | undefined;
    try {
      outcome = this.#conclude(attempt);
    } catch (error) {
      throw this.#left(error);
    }
    if (outcome !== "success" || attempt.redirect !== undefined) {
      return this.#continue(attempt, outcome);
    }
    this.#leave();
    return attempt.response!;
  }

  /** What comes after an attempt that was not simply a success. */
  async #continue(
    attempt: Attempt,
    outcome: AttemptOutcome | undefined,
  ): Promise<Response> {
    const { response, redirect, error } = attempt;
    try {
      if (outcome === "success") {
        discard(response);
        return await this.#context.follow(redirect!, this.#deadline);
      }
      if (outcome === "aborted") throw this.#signal?.aborted ? this.#signal.reason : attempt.closed;
      if (outcome === undefined) throw error;
      const next = await this.#acquireNext(response);
      if (next !== undefined) return await this.#attempt(next);
      if (response !== undefined) return response;
      throw callFailure(this.#target.traffic.service, this.#failed!, error);
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#target.traffic.leave();
  }

  #left(error: unknown): unknown {
    this.#leave();
    return error;
  }

  get #signal(): AbortSignal | undefined {
    return this.#init?.signal ?? undefined;
  }

  /** Milliseconds until the deadline of the call. */
  get #timeLeftMs(): number {
    if (this.#deadline === Infinity) return Infinity;
    return this.#deadline - this.#context.options.clock.now();
  }

  #timeoutFor({ startedAt }: Lease): number {
    return Math.min(this.#context.options.attemptTimeoutMs, this.#deadline - startedAt);
  }

  #race(lease: Lease, { budget, latencies, percentile }: Hedging): Promise<Response> {
    const { options: { clock }, deadlines } = this.#context;
    const { retries } = this.#target.traffic;
    const second = () => {
      const now = clock.now();
      if (budget.available(now) < 1 || retries.available(now) < 1) return undefined;
      const other = this.#tryAcquire([...(this.#failed ?? []), lease]);
      if (other === undefined) return undefined;
      budget.withdraw(now);
      retries.withdraw(now);
      return this.#at(other, this.#timeoutFor(other), true, true);
    };
    return new Promise((resolve, reject) => {
      const race = new HedgeRace(this.#at(lease, this.#timeoutFor(lease), true, false), {
        second,
        conclude: (attempt) => this.#conclude(attempt),
        done: (attempt, outcome, superseded) => {
          if (superseded !== undefined) this.#supersede(superseded, latencies);
          if (outcome === "success" && attempt.redirect === undefined) {
            this.#leave();
            resolve(attempt.response!);
          } else resolve(this.#continue(attempt, outcome));
        },
        failed: (error) => reject(this.#left(error)),
      });
      const afterMs = latencies.at(percentile, lease.startedAt);
      if (afterMs !== undefined) deadlines.add(race, lease.startedAt, afterMs);
    });
  }

  /** Ends the lease of an attempt that has ended, and reports it. */
  #conclude(attempt: Attempt): AttemptOutcome | undefined {
    const { options, pauses } = this.#context;
    const { traffic, policy: { hedge } } = this.#target;
    const { lease, response } = attempt;
    const now = options.clock.now();
    if (attempt.expired) attempt.timeout = this.#timeoutVerdict(now - lease.startedAt);
    const outcome = outcomeOf(attempt, this.#signal);
    const isPaused = pauses.cover(lease.startedAt);
    releaseLease(attempt, outcome, now, isPaused, options);
    if (outcome === undefined) return undefined;
    if (outcome !== "success") {
      const record = recordAttempt(attempt, outcome, now);
      (this.#failed ??= []).push(record);
      const pauseMs = askedPause(response, now);
      if (pauseMs) traffic.rest(lease.endpoint.host, now + Math.min(pauseMs, LONGEST_REST_MS));
      this.#observer?.attempted(record);
      return outcome;
    }
    if (!isPaused && hedge !== undefined) {
      traffic.hedging(hedge).latencies.record(now - lease.startedAt, now);
    }
    this.#observer?.attempted(recordAttempt(attempt, outcome, now));
    return outcome;
  }

  /** A deadline that has cut an attempt short says nothing about its endpoint. */
  #timeoutVerdict(durationMs: number): "failure" | "timeout" | "unknown" {
    if (durationMs >= this.#context.options.attemptTimeoutMs) return "failure";
    return durationMs >= 0.99 * this.#target.policy.timeoutMs ? "timeout" : "unknown";
  }

  #supersede(attempt: Attempt, latencies: LatencyQuantile): void {
    const { options, pauses } = this.#context;
    const { startedAt } = attempt.lease;
    const now = options.clock.now();
    const isPaused = pauses.cover(startedAt);
    releaseLease(attempt, "superseded", now, isPaused, options);
    // It would have taken longer still; without it the quantile would be too small.
    if (!isPaused) latencies.record(now - startedAt, now);
    this.#observer?.attempted(recordAttempt(attempt, "superseded", now));
  }

  #acquire(tried: readonly Tried[] | undefined): Lease {
    const { options } = this.#context;
    return acquireLease(this.#target, options, this.#init, tried);
  }

  /** An endpoint that was not tried yet. */
  #tryAcquire(tried: readonly Tried[]): Lease | undefined {
    try {
      return this.#acquire(tried);
    } catch {
      // None is left, or the client was closed: the failed attempts say more.
      return undefined;
    }
  }

  /** Waits for a list that is read on demand, and for its first endpoint, within the time of the call. */
  async #waitForFirst(): Promise<Lease> {
    const { source, options } = this.#context;
    const { traffic: { service }, policy } = this.#target;
    this.#deadline = options.clock.now() + policy.timeoutMs;
    if (source.mode === "on-demand") await this.#load();
    try {
      return this.#acquire(undefined);
    } catch (error) {
      if (options.waitForEndpointsMs === 0 || !isMissing(error)) throw error;
    }
    const timeoutMs = Math.min(options.waitForEndpointsMs, this.#timeLeftMs);
    await source.waitForEndpoints(service, { timeoutMs, signal: this.#signal });
    // Without an endpoint this throws what is known about the reason by now.
    return this.#acquire(undefined);
  }

  async #load(): Promise<void> {
    const { source, options } = this.#context;
    const loading = source.load?.(this.#target.traffic.service);
    if (loading === undefined) return;
    const timeoutMs = this.#timeLeftMs;
    if (timeoutMs === Infinity) return await abortable(loading, this.#signal);
    const expired = Symbol("expired");
    const limits = { timeoutMs, signal: this.#signal, error: () => expired };
    // When the time is up, the call fails with what is known about the service by then.
    await deadline(options.clock, () => loading, limits).catch((reason) => {
      if (reason !== expired) throw reason;
    });
  }

  /** Waits before the next attempt, if there is one: elsewhere, or here after the pause asked for. */
  async #acquireNext(response: Response | undefined): Promise<Lease | undefined> {
    const { options, options: { clock } } = this.#context;
    const { traffic: { retries }, policy } = this.#target;
    const failed = this.#failed!;
    if (!mayRetry(failed, this.#init, policy.retry, options)) return undefined;
    const now = clock.now();
    const pauseMs = askedPause(response, now);
    // Without a time, a limit holds for every endpoint and for long.
    if (response?.status === 429 && pauseMs === undefined) return undefined;
    const waitMs = backoff(failed, options);
    if (waitMs >= this.#timeLeftMs || retries.available(now) < 1) return undefined;
    await this.#sleep(waitMs, response);
    if (this.#timeLeftMs <= 0 && !this.#extend(now + waitMs)) return undefined;
    let lease = this.#tryAcquire(failed);
    if (lease === undefined && pauseMs !== undefined) {
      const restMs = pauseMs - (clock.now() - now);
      if (pauseMs > options.maxRetryAfterMs || restMs >= this.#timeLeftMs) return undefined;
      const dueAt = clock.now() + restMs;
      if (restMs > 0) await this.#sleep(restMs, response);
      if (this.#timeLeftMs <= 0 && !this.#extend(dueAt)) return undefined;
      lease = this.#tryAcquire(failed);
    }
    lease ??= this.#tryAcquire([]);
    if (lease !== undefined && !retries.withdraw(clock.now())) {
      lease.release("unknown");
      return undefined;
    }
    if (lease !== undefined) discard(response);
    return lease;
  }

  async #sleep(waitMs: number, response: Response | undefined): Promise<void> {
    const stop = new AbortController();
    const removers = [this.#signal, this.#context.source.closeSignal].map((signal) =>
      onAbort(signal, (reason) => stop.abort(reason))
    );
    try {
      await sleep(this.#context.options.clock, waitMs, { signal: stop.signal });
    } catch (reason) {
      discard(response);
      throw reason;
    } finally {
      for (const remove of removers) remove();
    }
  }

  /** Extends a deadline that has expired because this process was paused during a wait. */
  #extend(wokenLateAfter: number): boolean {
    const now = this.#context.options.clock.now();
    const extensionMs = lateExtension(now, wokenLateAfter, this.#target.policy.timeoutMs);
    if (extensionMs !== undefined) this.#deadline = now + extensionMs;
    return extensionMs !== undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof PilotedError && error.code === "NO_ENDPOINTS";
}
