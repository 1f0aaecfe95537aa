/**
 * The state of one watched list.
 *
 * Two drivers keep a list fresh, a loop of blocking queries and a cache that reads when somebody
 * looks up, and both must judge a response in the same way: which instances may be handed out,
 * whether a suddenly empty list is accepted, how a list without a response ages, what `status()`
 * says. That judgement is here, without timers and loops, so that it can be tested by tables. The
 * drivers decide when to read and report what an update returns.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { PilotedError } from "../errors.ts";
import { reachOf } from "../reach.ts";
import { type Change, diffEndpoints } from "../snapshot.ts";
import type { Freshness, Query, Reading } from "../source/source.ts";
import { countInstances } from "./count_instances.ts";
import { EmptyListGuard } from "./empty_list_guard.ts";
import { isUsable } from "./policies.ts";
import { emptyReason, stateAfter, stateReason } from "./reasons.ts";
import type { Restored, StateUpdate, WatchStateOptions } from "./state_update.ts";
import { refusalOf } from "./unusable_list.ts";
import { NodeWave } from "./node_wave.ts";
import type { WatchStateName, WatchStatus } from "./status.ts";

const NO_ENDPOINTS: readonly Endpoint[] = Object.freeze([]);

/** The state machine of one watched list. */
export class WatchState {
  /** What is read. */
  readonly query: Query;
  readonly #options: WatchStateOptions;
  readonly #guard: EmptyListGuard;
  readonly #wave: NodeWave;
  #state: WatchStateName = "pending";
  #endpoints = NO_ENDPOINTS;
  #listed = NO_ENDPOINTS;
  #instances = countInstances(NO_ENDPOINTS, 0);
  #position: string | undefined;
  #knownPosition: string | undefined;
  #answered = false;
  #confirmedAt: number | undefined;
  #changedAt: number | undefined;
  #failingSince: number | undefined;
  #failureCount = 0;
  #error: PilotedError | undefined;
  #nextAttemptAt: number | undefined;
  #freshness: Freshness = {};
  #skipped: readonly PilotedError[] = [];
  #untagged: number | undefined;
  #knownCount = 0;
  #isFiltered = false;
  #isDeniedByDefault = false;
  #override: string | undefined;

  /**
   * Creates the state of a list of which nothing is known.
   *
   * @param query What is read.
   * @param options Policies.
   */
  constructor(query: Query, options: WatchStateOptions) {
    this.query = query;
    this.#options = options;
    this.#guard = new EmptyListGuard(options.emptyPolicy, options.nodeFailurePolicy);
    this.#wave = new NodeWave(options.health);
  }

  /** Endpoints that may be handed out, in a stable order. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Every instance that the registry lists, whatever its health; only with the option `zone`. */
  get listed(): readonly Endpoint[] {
    return this.#listed;
  }

  /** Where to wait for the next change; `undefined` when the next read must be a plain one. */
  get position(): string | undefined {
    return this.#position;
  }

  /** The last position that was read: a position behind it means a replaced registry. */
  get knownPosition(): string | undefined {
    return this.#knownPosition;
  }

  /** Whether the registry has responded at least once. */
  get answered(): boolean {
    return this.#answered;
  }

  /** When the registry last confirmed the list, in milliseconds since the Unix epoch. */
  get confirmedAt(): number | undefined {
    return this.#confirmedAt;
  }

  /** When the list last changed, in milliseconds since the Unix epoch; 0 for never. */
  get changedAt(): number {
    return this.#changedAt ?? 0;
  }

  /**
   * Since when every read has failed, in milliseconds since the Unix epoch. A refusal because of limits
   * starts nothing, and ends what began before.
   */
  get failingSince(): number | undefined {
    return this.#failingSince;
  }

  /** Failures in a row. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** The last failure since the last success. */
  get error(): PilotedError | undefined {
    return this.#error;
  }

  /** Whether the list may be empty because no token was sent. */
  get isDeniedByDefault(): boolean {
    return this.#isDeniedByDefault;
  }

  /** What the registry said of the age of its last response. */
  get freshness(): Freshness {
    return this.#freshness;
  }

  /** Milliseconds until the leader's confirmation of a doubtful list is due. */
  get confirmAfterMs(): number | undefined {
    return this.#guard.confirmAfterMs;
  }

  /** Whether it would help to know how many instances there are without the tag. */
  get wantsUntaggedCount(): boolean {
    return Boolean(this.query.tag) && this.#answered && this.#instances.listed === 0 &&
      this.#untagged === undefined;
  }

  /**
   * Takes a response of the registry.
   *
   * @param reading The response.
   * @param fromLeader Whether the leader confirmed it.
   * @param now Milliseconds since the Unix epoch.
   */
  apply(reading: Reading, fromLeader: boolean, now: number): StateUpdate {
    const listedCount = reading.endpoints.length + reading.skippedCount;
    this.#answered = true;
    this.#nextAttemptAt = undefined;
    this.#freshness = reading.freshness;
    this.#override = reading.override;
    this.#position = reading.position;
    this.#knownPosition = reading.position;
    const refusal = refusalOf(this.query.service, reading, this.#knownCount, this.#isFiltered);
    if (refusal !== undefined) return this.#refuse(reading, refusal, now);
    const { failure, ageMs = 0, isAccepted = false } = reading.standing ?? {};
    const isNew = failure !== undefined && failure.message !== this.#error?.message;
    this.#failureCount = failure && this.#failureCount + Number(isNew) || 0;
    this.#error = failure;
    this.#failingSince = failure && (this.#failingSince ?? now);
    // Another Piloted's guard has confirmed it already.
    if (isAccepted) this.#guard.reset();
    const accepted = isAccepted || this.#guard.accepts({
      knownCount: this.#knownCount,
      listedCount,
      haveNodesFailed: this.#wave.hitsAll(reading, this.#endpoints, now),
      fromLeader,
    });
    if (!accepted) {
      const isWave = this.#guard.doubt === "nodes";
      const change = isWave ? this.#handOut(this.#wave.before(this.#endpoints, now)) : undefined;
      return this.#enter("unconfirmed", { accepted, change });
    }
    this.#wave.note(reading, this.#endpoints, now);
    this.#isFiltered = reading.hidden === true;
    // Later a token of the agent's own has shown something, and the list is really empty.
    this.#isDeniedByDefault = reading.deniedByDefault === true && listedCount === 0 &&
      (this.#isDeniedByDefault || this.#confirmedAt === undefined);
    const reported = new Set(this.#skipped.map(({ message }) => message));
    this.#skipped = reading.skipped;
    // An entry is reported once, not with every response that still contains it.
    const errors = reading.skipped.filter(({ message }) => !reported.has(message));
    if (isNew) errors.push(failure);
    const change = this.#replace(reading.endpoints, reading.skippedCount, now - ageMs);
    if (change !== undefined) this.#changedAt = now;
    return this.#enter(stateAfter(failure), { accepted, change, errors });
  }

  /**
   * Takes a failure; the list stays. The position is forgotten: only an unbroken sequence of
   * responses shows that it still belongs to the same registry. A registry that refuses a read because
   * of its limits is the same one, and a blocking query is the cheapest read.
   *
   * @param error Why there was no response.
   * @param now Milliseconds since the Unix epoch.
   */
  fail(error: PilotedError, now: number): StateUpdate {
    const isLimited = error.limit !== undefined;
    if (!isLimited) this.#position = undefined;
    this.#failureCount++;
    this.#error = error;
    this.#failingSince = isLimited ? undefined : this.#failingSince ?? now;
    return this.#enter(this.#failedState(error), { errors: [error] });
  }

  /**
   * Takes the list of a former run, because the registry has not responded.
   *
   * @param restored The list.
   */
  restore(restored: Restored): StateUpdate {
    const change = this.#replace(restored.endpoints, 0, restored.confirmedAt);
    this.#changedAt = restored.confirmedAt;
    return this.#enter("restored", { change });
  }

  /** The next read is a plain one, because the registry was replaced by another. */
  forgetPosition(): void {
    this.#position = undefined;
    this.#knownPosition = undefined;
  }

  /** The position cannot be waited from: the registry went back, and the leader decides. */
  distrustPosition(): void {
    this.#position = undefined;
  }

  /** When the next attempt is due, while backing off. */
  planAttempt(at: number): void {
    this.#nextAttemptAt = at;
  }

  /** How many instances there are without the tag, for `emptyReason()`. */
  noteUntaggedCount(count: number): void {
    this.#untagged = count;
  }

  /** The client was closed. */
  close(): StateUpdate {
    return this.#enter("closed", {});
  }

  /**
   * What is known, how fresh it is, and why it is not fresher.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  status(now: number): WatchStatus {
    const { service, tag, datacenter } = this.query;
    const confirmedAt = this.#confirmedAt;
    return {
      service,
      tag,
      datacenter,
      ...reachOf(this.query),
      state: this.#state,
      endpointCount: this.#endpoints.length,
      instanceCounts: this.#instances,
      skippedReasons: this.#skipped.map(({ message }) => message),
      position: this.#knownPosition,
      confirmedAt,
      ageMs: confirmedAt === undefined ? undefined : Math.max(0, now - confirmedAt),
      changedAt: this.#changedAt,
      reason: stateReason({
        state: this.#state,
        error: this.#error,
        doubt: this.#guard.doubt,
        isDeniedByDefault: this.#isDeniedByDefault,
        override: this.#override,
      }),
      override: this.#override,
      error: this.#error,
      failureCount: this.#failureCount,
      nextAttemptAt: this.#nextAttemptAt,
      freshness: this.#freshness,
    };
  }

  /** Why there is no endpoint to hand out, in words, with counts. */
  emptyReason(): string {
    return emptyReason(this.query, {
      state: this.#state,
      error: this.#error,
      instances: this.#instances,
      skipped: this.#skipped,
      untagged: this.#untagged,
      isDeniedByDefault: this.#isDeniedByDefault,
      health: this.#options.health,
    });
  }

  /** Puts a list in place of the one in use. */
  #replace(
    endpoints: readonly Endpoint[],
    skipped: number,
    confirmedAt: number,
  ): Change | undefined {
    this.#instances = countInstances(endpoints, skipped);
    this.#knownCount = this.#instances.listed;
    if (this.#knownCount > 0) this.#untagged = undefined;
    // It is the list a second time.
    if (this.#options.zone !== undefined) this.#listed = endpoints;
    this.#confirmedAt = confirmedAt;
    const { health } = this.#options;
    const usable = ({ status }: Endpoint) => isUsable(status, health);
    const handedOut = endpoints.every(usable) ? endpoints : endpoints.filter(usable);
    return this.#handOut(handedOut);
  }

  #handOut(endpoints: readonly Endpoint[]): Change | undefined {
    const change = diffEndpoints(this.query.service, this.#endpoints, endpoints);
    if (change !== undefined) this.#endpoints = change.endpoints;
    return change;
  }

  /** The list stays. A hidden one is read again, since nothing tells when a token may read more. */
  #refuse(reading: Reading, refusal: PilotedError, now: number): StateUpdate {
    const isSame = this.#error?.code === refusal.code && this.#error.message === refusal.message;
    // One error for as long as it lasts.
    if (!isSame) this.#error = refusal;
    this.#guard.reset();
    this.#failureCount++;
    this.#failingSince ??= now;
    if (refusal.code === "REGISTRY_DENIED") {
      this.#position = undefined;
    } else {
      this.#skipped = reading.skipped;
      this.#instances = countInstances(reading.endpoints, reading.skippedCount);
    }
    const errors = isSame ? [] : [refusal];
    return this.#enter(this.#failedState(refusal), { errors, refusal: this.#error });
  }

  #enter(state: WatchStateName, facts: Partial<StateUpdate>): StateUpdate {
    const { accepted = false, change, errors = [], refusal } = facts;
    const stateChanged = this.#state !== state;
    this.#state = state;
    return { accepted, change, stateChanged, errors, refusal };
  }

  #failedState(error: PilotedError): WatchStateName {
    if (this.#state === "restored") return "restored";
    if (error.code === "REGISTRY_DENIED") return "denied";
    return this.#answered ? "stale" : "pending";
  }
}
