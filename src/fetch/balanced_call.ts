/**
 * One call of the balanced fetch.
 *
 * @module
 */
import type { Lease } from "../balance/lease.ts";
import { PilotedError } from "../errors.ts";
import type { AttemptOutcome, RequestAttempt } from "../request_attempt.ts";
import { abortable, deadline, lateExtension, onAbort, sleep } from "../wait.ts";
import { AttemptControl } from "./attempt_control.ts";
import {
  type AttemptResult,
  discard,
  outcomeOf,
  recordAttempt,
  releaseLease,
} from "./attempt_result.ts";
import { acquireLease, type CallTarget, type Tried } from "./call_target.ts";
import type { CallContext } from "./call_context.ts";
import type { FetchCallObserver } from "./fetch_observer.ts";
import { raceHedge, type RunningAttempt } from "./hedge.ts";
import { sendAttempt } from "./send_attempt.ts";
import { askedPause, backoff, isSafe, mayRetry } from "./retry_policy.ts";

/** An attempt whose lease was released and that was reported. */
interface EndedAttempt {
  readonly result: AttemptResult;
  readonly outcome: AttemptOutcome | undefined;
}

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
   * @returns The first response that is no rejection, or the last rejection.
   * @throws {PilotedError} `NO_ENDPOINTS`, `OVERLOADED`, `TIMEOUT`, `REQUEST_FAILED` or `CLOSED`.
   * @throws The signal's own reason when it aborts.
   */
  async send(): Promise<Response> {
    const { traffic, policy: { timeoutMs } } = this.#target;
    const { source, options } = this.#context;
    this.#signal?.throwIfAborted();
    traffic.enter();
    try {
      const isWaiting = source.mode === "on-demand" || options.waitForEndpointsMs > 0;
      const lease = isWaiting ? await this.#waitForFirst() : this.#acquire(undefined);
      if (!isWaiting) this.#deadline = lease.startedAt + timeoutMs;
      traffic.count(lease.startedAt);
      let attempt = await this.#attempt(lease);
      for (;;) {
        const { result, outcome } = attempt;
        const { response, redirect } = result;
        if (outcome === "success") {
          if (redirect === undefined) return response!;
          discard(response);
          return await this.#context.follow(redirect, this.#deadline);
        }
        if (outcome === "aborted") throw this.#abortReason(result);
        if (outcome === undefined) throw result.error;
        const next = await this.#acquireNext(response);
        if (next !== undefined) attempt = await this.#attempt(next);
        else if (response !== undefined) return response;
        else throw this.#failure(result.error);
      }
    } finally {
      traffic.leave();
    }
  }

  async #attempt(lease: Lease): Promise<EndedAttempt> {
    if (this.#target.traffic.latencies !== undefined && isSafe(this.#init)) {
      return this.#race(lease);
    }
    const result = await this.#run(lease, this.#control(lease, false), false);
    return { result, outcome: this.#conclude(result) };
  }

  get #signal(): AbortSignal | undefined {
    return this.#init?.signal ?? undefined;
  }

  /** Milliseconds until the deadline of the call. */
  get #timeLeftMs(): number {
    if (this.#deadline === Infinity) return Infinity;
    return this.#deadline - this.#context.options.clock.now();
  }

  #run(lease: Lease, control: AttemptControl | undefined, hedge: boolean): Promise<AttemptResult> {
    return sendAttempt(this.#context, this.#target, this.#init, {
      lease,
      control,
      hedge,
      hops: this.#hops,
    });
  }

  /** Control of an attempt that something can abort, or `always`. */
  #control(lease: Lease, always: boolean): AttemptControl | undefined {
    const { deadlines, options: { attemptTimeoutMs } } = this.#context;
    const now = lease.startedAt;
    const timeoutMs = Math.min(attemptTimeoutMs, this.#deadline - now);
    if (timeoutMs === Infinity && !always) return undefined;
    return new AttemptControl(deadlines, now, timeoutMs, this.#signal);
  }

  async #race(lease: Lease): Promise<EndedAttempt> {
    const { options: { clock, hedge }, pauses } = this.#context;
    const { latencies, hedges, retries } = this.#target.traffic;
    const afterMs = latencies!.at(hedge!.percentile, clock.now());
    const startSecond = () => {
      const now = clock.now();
      if (hedges!.available(now) < 1 || retries.available(now) < 1) return undefined;
      const second = this.#tryAcquire([...(this.#failed ?? []), lease]);
      if (second === undefined) return undefined;
      hedges!.withdraw(now);
      retries.withdraw(now);
      return this.#start(second, true);
    };
    const conclude = (result: AttemptResult) => this.#conclude(result);
    const late = () => pauses.noticed(clock.now());
    const options = { clock, afterMs, late, startSecond, conclude };
    const race = await raceHedge(this.#start(lease, false), options);
    if (race.superseded !== undefined) this.#supersede(race.superseded);
    return race;
  }

  #start(lease: Lease, hedge: boolean): RunningAttempt {
    const control = this.#control(lease, true)!;
    return { lease, hedge, control, result: this.#run(lease, control, hedge) };
  }

  /** Ends the lease of an attempt that has ended, and reports it. */
  #conclude(given: AttemptResult): AttemptOutcome | undefined {
    const { options, pauses } = this.#context;
    const { classify, leaseUntil } = options;
    const { traffic } = this.#target;
    const now = options.clock.now();
    const { lease, response, expired } = given;
    const result = expired
      ? { ...given, timeout: this.#timeoutVerdict(now - lease.startedAt) }
      : given;
    const outcome = outcomeOf(result, this.#signal);
    const paused = pauses.cover(lease.startedAt);
    releaseLease(result, outcome, { classify, leaseUntil, paused });
    if (outcome === undefined) return undefined;
    const isPlain = outcome === "success" && this.#observer === undefined &&
      traffic.latencies === undefined;
    if (isPlain) return outcome;
    const attempt = recordAttempt(result, outcome, now);
    if (outcome !== "success") {
      (this.#failed ??= []).push(attempt);
      const pauseMs = askedPause(response, now);
      if (pauseMs) traffic.rest(lease.endpoint.host, now + Math.min(pauseMs, LONGEST_REST_MS));
    } else if (!paused) traffic.latencies?.record(attempt.durationMs, now);
    this.#observer?.attempted(attempt);
    return outcome;
  }

  /** A deadline that has cut an attempt short says nothing about its endpoint. */
  #timeoutVerdict(durationMs: number): "failure" | "timeout" | "unknown" {
    if (durationMs >= this.#context.options.attemptTimeoutMs) return "failure";
    return durationMs >= 0.99 * this.#target.policy.timeoutMs ? "timeout" : "unknown";
  }

  #supersede({ lease, hedge }: RunningAttempt): void {
    const { options: { clock, classify }, pauses } = this.#context;
    const now = clock.now();
    const result = { lease, hedge, expired: false };
    const paused = pauses.cover(lease.startedAt);
    releaseLease(result, "superseded", { classify, leaseUntil: undefined, paused });
    const attempt = recordAttempt(result, "superseded", now);
    // It would have taken longer still; without it the quantile would be too small.
    if (!paused) this.#target.traffic.latencies!.record(attempt.durationMs, now);
    this.#observer?.attempted(attempt);
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

  #abortReason({ closed }: AttemptResult): unknown {
    return this.#signal?.aborted ? this.#signal.reason : closed;
  }

  #failure(cause: unknown): PilotedError {
    const { service } = this.#target.traffic;
    const attempts = Object.freeze(this.#failed!);
    const { outcome, endpoint } = attempts.at(-1)!;
    const tries = attempts.length === 1 ? "the attempt" : `${attempts.length} attempts`;
    return new PilotedError(
      outcome === "timeout" ? "TIMEOUT" : "REQUEST_FAILED",
      `Cannot fetch from ${service}: ${tries} failed, received ${outcome} from ${endpoint.host}`,
      { cause, service, attempts },
    );
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof PilotedError && error.code === "NO_ENDPOINTS";
}
