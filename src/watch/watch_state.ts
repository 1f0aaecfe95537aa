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
import { type InstanceCounts, PilotedError } from "../errors.ts";
import { type Change, diffEndpoints } from "../snapshot.ts";
import type { Freshness, Query, Reading } from "../source/source.ts";
import { type Doubt, EmptyListGuard } from "./empty_list_guard.ts";
import { type EmptyPolicy, type HealthPolicy, isUsable, type NodeFailurePolicy } from "./policies.ts";
import { denied, reasonAfter, unusable } from "./unusable_list.ts";
import type { WatchStateName, WatchStatus } from "./status.ts";

/** A list of a former run. */
export interface Restored {
  /** Endpoints as they were. */
  readonly endpoints: readonly Endpoint[];
  /** When the registry had confirmed them, in milliseconds since the Unix epoch. */
  readonly confirmedAt: number;
}

/** Options of a {@linkcode WatchState}. */
export interface WatchStateOptions {
  /** Which instances may be handed out. */
  readonly health: HealthPolicy;
  /** Whether a list that is suddenly empty is accepted. */
  readonly emptyPolicy: EmptyPolicy;
  /** Whether it is accepted that every instance is critical by the check of its node alone. */
  readonly nodeFailurePolicy?: NodeFailurePolicy | undefined;
  /** Own zone: with one, every listed instance is kept, since zones need them. */
  readonly zone?: string | undefined;
}

/** What an update led to. */
export interface StateUpdate {
  /** Whether the registry's list is in use now. */
  readonly accepted: boolean;
  /** What changed in the list. */
  readonly change: Change | undefined;
  /** Whether the state is another one now. */
  readonly stateChanged: boolean;
  /** Failures that were not reported before. */
  readonly errors: readonly PilotedError[];
  /** Why the response was no list that can be used; the state has taken it already. */
  readonly refusal?: PilotedError | undefined;
}

// Instances that fail one after the other within this time fail together.
const WAVE_MS = 10_000;
const DOUBTS: Readonly<Record<Doubt, string>> = {
  empty: "the registry suddenly lists no instance",
  smaller: "the registry suddenly lists few instances",
  nodes: "every instance is critical by the check of its node alone",
};

const NO_ENDPOINTS: readonly Endpoint[] = Object.freeze([]);
const NO_INSTANCES: InstanceCounts = Object.freeze({
  listed: 0,
  passing: 0,
  warning: 0,
  critical: 0,
  maintenance: 0,
  skipped: 0,
});

/** The state machine of one watched list. */
export class WatchState {
  /** What is read. */
  readonly query: Query;
  readonly #options: WatchStateOptions;
  readonly #guard: EmptyListGuard;
  #state: WatchStateName = "pending";
  #endpoints = NO_ENDPOINTS;
  #listed = NO_ENDPOINTS;
  #instances = NO_INSTANCES;
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
  // What the last accepted reading listed, and whether the registry had left something out.
  #knownCount = 0;
  #isFiltered = false;
  #isDeniedByDefault = false;
  // What was handed out before the first of several nodes failed, and when that was.
  #beforeWave: { readonly endpoints: readonly Endpoint[]; readonly at: number } | undefined;

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
   * Since when every read has failed, in milliseconds since the Unix epoch. A registry that refuses a
   * read because of its limits is there: that starts nothing, and ends what began before.
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

  /** Whether the last read was refused because of the registry's limits, and not for what it asked. */
  get isLimited(): boolean {
    return this.#error?.limit !== undefined;
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
    this.#position = reading.position;
    this.#knownPosition = reading.position;
    const refusal = this.#refusal(reading, listedCount);
    if (refusal !== undefined) return this.#refuse(reading, refusal, now);
    this.#failureCount = 0;
    this.#error = undefined;
    this.#failingSince = undefined;
    const accepted = this.#guard.accepts({
      knownCount: this.#knownCount,
      listedCount,
      haveNodesFailed: this.#haveNodesFailed(reading, now),
      fromLeader,
    });
    if (!accepted) {
      const change = this.#guard.doubt === "nodes" ? this.#undoWave(now) : undefined;
      return this.#enter("unconfirmed", { accepted, change });
    }
    this.#noteWave(reading, now);
    this.#isFiltered = reading.hidden === true;
    // Later a token of the agent's own has shown something, and the list is really empty.
    this.#isDeniedByDefault = reading.deniedByDefault === true && listedCount === 0 &&
      (this.#isDeniedByDefault || this.#confirmedAt === undefined);
    const reported = new Set(this.#skipped.map(({ message }) => message));
    this.#skipped = reading.skipped;
    // An entry is reported once, not with every response that still contains it.
    const errors = reading.skipped.filter(({ message }) => !reported.has(message));
    const change = this.#replace(reading.endpoints, reading.skippedCount, now);
    if (change !== undefined) this.#changedAt = now;
    return this.#enter("live", { accepted, change, errors });
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
      state: this.#state,
      endpointCount: this.#endpoints.length,
      instanceCounts: this.#instances,
      skippedReasons: this.#skipped.map(({ message }) => message),
      position: this.#knownPosition,
      confirmedAt,
      ageMs: confirmedAt === undefined ? undefined : Math.max(0, now - confirmedAt),
      changedAt: this.#changedAt,
      reason: this.#reason(),
      error: this.#error,
      failureCount: this.#failureCount,
      nextAttemptAt: this.#nextAttemptAt,
      freshness: this.#freshness,
    };
  }

  /** Why there is no endpoint to hand out, in words, with counts. */
  emptyReason(): string {
    if (this.#error !== undefined) return this.#error.message;
    if (this.#state === "pending") return "the registry has not responded yet";
    const { listed, skipped, passing, warning, critical, maintenance } = this.#instances;
    const { service, tag } = this.query;
    if (listed === 0) {
      if (tag && this.#untagged) return `${count(this.#untagged)}, none with tag ${tag}`;
      if (this.#isDeniedByDefault) return DENIED_BY_DEFAULT;
      return `the registry lists no instance of ${JSON.stringify(service)}; check the name`;
    }
    if (skipped === listed) return reasonAfter(service, listed, this.#skipped[0]);
    const parts = Object.entries({ passing, warning, critical, maintenance, skipped })
      .filter(([, number]) => number > 0);
    const [name, number] = parts[0]!;
    const policy = warning > 0 ? `, and the health policy is ${this.#options.health}` : "";
    return number === listed
      ? `${count(listed)}, all ${name === "maintenance" ? "in maintenance" : name}${policy}`
      : `${count(listed)}: ${
        parts.map(([name, number]) => `${number} ${name}`).join(", ")
      }${policy}`;
  }

  /** Puts a list in place of the one in use. */
  #replace(
    endpoints: readonly Endpoint[],
    skipped: number,
    confirmedAt: number,
  ): Change | undefined {
    const counts = { passing: 0, warning: 0, critical: 0, maintenance: 0 };
    for (const { status } of endpoints) counts[status]++;
    const listed = endpoints.length + skipped;
    this.#knownCount = listed;
    if (listed > 0) this.#untagged = undefined;
    this.#instances = Object.freeze({ listed, ...counts, skipped });
    // Kept only where it is of use: it is the list a second time.
    if (this.#options.zone !== undefined) this.#listed = endpoints;
    this.#confirmedAt = confirmedAt;
    const { health } = this.#options;
    const usable = ({ status }: Endpoint) => isUsable(status, health);
    const handedOut = endpoints.every(usable) ? endpoints : endpoints.filter(usable);
    const change = diffEndpoints(this.query.service, this.#endpoints, handedOut);
    if (change !== undefined) this.#endpoints = change.endpoints;
    return change;
  }

  /** Why a response is no list that can be used; `undefined` when it is one. */
  #refusal(reading: Reading, listedCount: number): PilotedError | undefined {
    const { service } = this.query;
    const isShorter = listedCount < this.#knownCount && !this.#isFiltered;
    if (reading.hidden && (listedCount === 0 || isShorter)) {
      return denied(service, listedCount, this.#knownCount);
    }
    return listedCount > 0 && reading.endpoints.length === 0
      ? unusable(service, listedCount, reading.skipped[0])
      : undefined;
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
      const { skippedCount: skipped } = reading;
      this.#instances = Object.freeze({ ...NO_INSTANCES, listed: skipped, skipped });
    }
    const errors = isSame ? [] : [refusal];
    return this.#enter(this.#failedState(refusal), { errors, refusal: this.#error });
  }

  /** Whether nothing would be left to hand out, and only because of the checks of nodes. */
  #haveNodesFailed({ endpoints, nodeFailedCount = 0 }: Reading, now: number): boolean {
    if (nodeFailedCount === 0 || this.#wave(now).length === 0) return false;
    let critical = 0;
    for (const { status } of endpoints) {
      if (isUsable(status, this.#options.health)) return false;
      if (status === "critical") critical++;
    }
    return critical === nodeFailedCount;
  }

  /** What is handed out, or was before the first of several nodes failed a short time ago. */
  #wave(now: number): readonly Endpoint[] {
    const wave = this.#beforeWave;
    const isRecent = wave !== undefined && now - wave.at <= WAVE_MS;
    return isRecent && wave.endpoints.length > this.#endpoints.length
      ? wave.endpoints
      : this.#endpoints;
  }

  #noteWave({ nodeFailedCount = 0 }: Reading, now: number): void {
    if (nodeFailedCount === 0) this.#beforeWave = undefined;
    else if (this.#beforeWave === undefined || now - this.#beforeWave.at > WAVE_MS) {
      this.#beforeWave = { endpoints: this.#endpoints, at: now };
    }
  }

  /** The instances whose nodes failed shortly before the last one did are handed out again. */
  #undoWave(now: number): Change | undefined {
    const wave = this.#wave(now);
    this.#beforeWave = undefined;
    if (wave === this.#endpoints) return undefined;
    const change = diffEndpoints(this.query.service, this.#endpoints, wave);
    if (change !== undefined) this.#endpoints = change.endpoints;
    return change;
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

  #reason(): string | undefined {
    switch (this.#state) {
      case "live":
        return this.#isDeniedByDefault ? DENIED_BY_DEFAULT : undefined;
      case "unconfirmed":
        return `${DOUBTS[this.#guard.doubt ?? "empty"]}; the last list stays until that is confirmed`;
      case "closed":
        return "the client was closed";
      default:
        return this.#failedReason();
    }
  }

  #failedReason(): string {
    const { message, limit } = this.#error ?? {};
    if (message === undefined) return "the registry has not responded yet";
    return limit === "rate" ? `the registry limits the rate of reads: ${message}` : message;
  }
}

const DENIED_BY_DEFAULT =
  "the registry denies by default and no token is sent, so it may hide every instance";

function count(instances: number): string {
  return instances === 1 ? "1 instance" : `${instances} instances`;
}
