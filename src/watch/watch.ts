/**
 * What the two drivers of a list have in common.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { Session } from "../registry/session.ts";
import type { Change } from "../snapshot.ts";
import type { Consistency, Query, Reading } from "../source/source.ts";
import type { WatchStatus } from "./status.ts";
import type { Restored, StateUpdate, WatchStateOptions } from "./state_update.ts";
import { WatchState } from "./watch_state.ts";

/** Options of every watch of a client. */
export interface WatchOptions extends WatchStateOptions {
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** How fresh a response must be. */
  readonly consistency: Consistency;
  /** Minimum time between two reads of one service after a burst of two, in milliseconds. */
  readonly minIntervalMs: number;
  /** Whether watching keeps the process alive. */
  readonly keepProcessAlive: boolean;
  /** How long a list that is read on demand counts as fresh, in milliseconds. */
  readonly ttlMs: number;
  /** How long after that it is still handed out while a new one is read, in milliseconds. */
  readonly staleMs: number;
}

/** Receives what happens to one watch. */
export interface WatchObserver {
  /** The list changed. */
  changed(change: Change): void;
  /** The registry's list was accepted, whether it changed or not. */
  accepted(): void;
  /** The state changed. */
  stateChanged(): void;
  /** Something failed and was handled. */
  failed(error: PilotedError): void;
}

/** One list and what keeps it fresh. */
export abstract class Watch {
  /** What is known of the list. */
  readonly state: WatchState;
  /** Settles when the first read has succeeded or failed; never rejects. */
  readonly settled: Promise<void>;
  /** Settles {@linkcode Watch.settled}. */
  protected settle: () => void = () => {};
  /** Reads the registry. */
  protected readonly session: Session;
  /** Options of the client. */
  protected readonly options: WatchOptions;
  /** Aborts when the watch is stopped. */
  protected readonly stopped: AbortController = new AbortController();
  /** Whether a read waits for its turn while the registry limits the rate. */
  protected readonly whenLimited: "wait" | "fail" = "wait";
  readonly #observer: WatchObserver;
  readonly #restored: Restored | undefined;
  // A response that cannot be used: a failure that the state has taken already.
  #refusal: PilotedError | undefined;

  /**
   * Creates a watch that does nothing yet.
   *
   * @param query What is read.
   * @param session Reads the registry.
   * @param options Options of the client.
   * @param observer Receives what happens.
   * @param restored A list of a former run, used when the first read fails.
   */
  constructor(
    query: Query,
    session: Session,
    options: WatchOptions,
    observer: WatchObserver,
    restored?: Restored,
  ) {
    this.state = new WatchState(query, options);
    this.session = session;
    this.options = options;
    this.#observer = observer;
    this.#restored = restored;
    this.settled = new Promise((resolve) => this.settle = resolve);
  }

  /** What is read. */
  get query(): Query {
    return this.state.query;
  }

  /** Endpoints that may be handed out, in a stable order. */
  get endpoints(): readonly Endpoint[] {
    return this.state.endpoints;
  }

  /** When the list last changed, in milliseconds since the Unix epoch; 0 for never. */
  get changedAt(): number {
    return this.state.changedAt;
  }

  /** Whether a first read has succeeded or failed; one that was refused by a limit says nothing. */
  get isSettled(): boolean {
    const { answered, error } = this.state;
    return answered || (error !== undefined && error.limit === undefined);
  }

  /** What is known, how fresh it is, and why it is not fresher. */
  status(): WatchStatus {
    return this.state.status(this.options.clock.now());
  }

  /** Starts to keep the list fresh. Calling it again does nothing. */
  abstract start(): void;

  /**
   * Reads once, now.
   *
   * @throws {PilotedError} why it failed; the list stays as it is.
   */
  abstract refresh(): Promise<void>;

  /**
   * Reads every instance and its checks, beside the list, which stays as it is.
   *
   * @param signal Aborts the read.
   * @throws {PilotedError} why it failed; at once while the registry limits the rate.
   */
  inspect(signal: AbortSignal): Promise<Reading> {
    const { consistency } = this.options;
    const how = { consistency, whenLimited: "fail", checks: true } as const;
    return this.session.read(this.query, how, signal);
  }

  /** The registry was replaced by another one: the next read is a plain one, and soon. */
  abstract reconnect(): void;

  /**
   * Makes sure that the list is fresh enough to be handed out.
   *
   * @param waitUntil Receives work that goes on when there is nothing to wait for.
   * @returns Settles when the list may be used; `undefined` when it may be used at once.
   */
  load(_waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    return undefined;
  }

  /** Stops reading and waits until nothing is left. */
  async stop(): Promise<void> {
    if (!this.stopped.signal.aborted) {
      const { service } = this.query;
      const message = `Cannot go on reading service ${JSON.stringify(service)}: closed`;
      this.stopped.abort(new PilotedError("CLOSED", message, { service }));
      this.#report(this.state.close());
    }
    await Promise.resolve();
    this.settle();
  }

  /**
   * Reads without waiting for a change. A position behind the known one is confirmed by the leader.
   *
   * @param consistency How fresh the response must be.
   * @param isConfirming Whether the leader is to settle a doubt.
   * @param signal Aborts the read.
   * @returns Whether the list is in use now, and whether the registry had gone back.
   */
  protected async readNow(
    consistency: Consistency,
    isConfirming: boolean,
    signal: AbortSignal,
  ): Promise<{ update: StateUpdate; wentBack: boolean }> {
    const { whenLimited } = this;
    let reading = await this.session.read(this.query, { consistency, whenLimited }, signal);
    const wentBack = this.session.isBehind(reading.position, this.state.knownPosition);
    if (wentBack && !isConfirming) {
      reading = await this.session.read(this.query, { consistency: "default" }, signal);
    }
    const update = this.apply(reading, isConfirming || wentBack);
    await this.countUntagged(signal);
    return { update, wentBack };
  }

  /**
   * Takes a response and reports what it led to.
   *
   * @throws {PilotedError} when it is no list that can be used.
   */
  protected apply(reading: Reading, fromLeader: boolean): StateUpdate {
    const update = this.state.apply(reading, fromLeader, this.options.clock.now());
    this.#report(update);
    if (update.accepted) this.#observer.accepted();
    if (update.refusal !== undefined) {
      this.#restore();
      throw this.#refusal = update.refusal;
    }
    return update;
  }

  /** Takes a failure and reports it. */
  protected fail(error: PilotedError): void {
    const isTaken = error === this.#refusal;
    this.#refusal = undefined;
    if (isTaken) return;
    this.#report(this.state.fail(error, this.options.clock.now()));
    this.#restore();
  }

  /** A list of a former run stands in for the first response. */
  #restore(): void {
    if (this.#restored === undefined || this.state.confirmedAt !== undefined) return;
    this.#report(this.state.restore(this.#restored));
  }

  #report({ change, stateChanged, errors }: StateUpdate): void {
    // The change first, so that a listener of the state finds the new list.
    if (change !== undefined) this.#observer.changed(change);
    if (stateChanged) this.#observer.stateChanged();
    for (const error of errors) this.#observer.failed(error);
  }

  /** Tells a wrong tag from a wrong name, for the error that a lookup gets. */
  protected async countUntagged(signal: AbortSignal): Promise<void> {
    if (!this.state.wantsUntaggedCount) return;
    const { tag: _tag, ...untagged } = this.query;
    const { consistency } = this.options;
    try {
      const { whenLimited } = this;
      const reading = await this.session.read(untagged, { consistency, whenLimited }, signal);
      this.state.noteUntaggedCount(reading.endpoints.length + reading.skippedCount);
    } catch {
      // It only makes a message better; the next empty response tries again.
    }
  }
}

/** Any failure as a `PilotedError`. */
export function toPilotedError(cause: unknown, service: string): PilotedError {
  if (cause instanceof PilotedError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PilotedError(
    "REGISTRY_UNREACHABLE",
    `Cannot read service ${JSON.stringify(service)}: ${why}`,
    { cause, service },
  );
}
