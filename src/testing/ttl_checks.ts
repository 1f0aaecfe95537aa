/**
 * The timers of checks: those that expire, and those that remove their service.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

// Consul's `check_deregister_interval_min`: the minimum, also if a check asks for less.
const SHORTEST_DEREGISTER_MS = 60_000;

/** Times of a check. */
export interface TtlOptions {
  /** Milliseconds without a report after which it becomes critical; `undefined` without a TTL. */
  readonly ttlMs?: number | undefined;
  /** Milliseconds in state critical after which its service is removed; at least a minute. */
  readonly deregisterAfterMs?: number | undefined;
}

interface TtlState extends TtlOptions {
  expiry?: Timer;
  removal?: Timer;
}

/** Expires TTL checks, and removes services that stay critical. */
export class TtlChecks {
  readonly #clock: Clock;
  readonly #expire: (id: string) => void;
  readonly #remove: (id: string) => void;
  readonly #states = new Map<string, TtlState>();

  /**
   * Creates an empty set.
   *
   * @param clock Clock of the timers.
   * @param expire Called with the id of a check that had no report within its TTL.
   * @param remove Called with the id of a check that was critical for too long.
   */
  constructor(clock: Clock, expire: (id: string) => void, remove: (id: string) => void) {
    this.#clock = clock;
    this.#expire = expire;
    this.#remove = remove;
  }

  /**
   * Returns whether a check has a TTL.
   *
   * @param id Id of the check.
   * @returns `true` if it has.
   */
  has(id: string): boolean {
    return this.#states.get(id)?.ttlMs !== undefined;
  }

  /**
   * Starts the timers of a check, or restarts them.
   *
   * @param id Id of the check.
   * @param options Its times.
   * @param critical Whether it is critical now.
   */
  add(id: string, options: TtlOptions, critical: boolean): void {
    this.delete(id);
    this.#states.set(id, { ...options });
    this.report(id, critical);
  }

  /**
   * Records a state, which restarts the TTL.
   *
   * @param id Id of the check.
   * @param critical Whether the report says critical.
   */
  report(id: string, critical: boolean): void {
    const state = this.#states.get(id);
    if (state === undefined) return;
    state.expiry?.cancel();
    if (state.ttlMs !== undefined) {
      state.expiry = this.#clock.start(
        () => {
          this.#expire(id);
          this.#criticalSince(id, state);
        },
        state.ttlMs,
        true,
      );
    }
    if (critical) return this.#criticalSince(id, state);
    state.removal?.cancel();
    delete state.removal;
  }

  /**
   * Stops the timers of a check.
   *
   * @param id Id of the check.
   */
  delete(id: string): void {
    const state = this.#states.get(id);
    state?.expiry?.cancel();
    state?.removal?.cancel();
    this.#states.delete(id);
  }

  /** Stops all timers. */
  clear(): void {
    for (const id of [...this.#states.keys()]) this.delete(id);
  }

  #criticalSince(id: string, state: TtlState): void {
    if (state.deregisterAfterMs === undefined || state.removal !== undefined) return;
    const delayMs = Math.max(state.deregisterAfterMs, SHORTEST_DEREGISTER_MS);
    state.removal = this.#clock.start(() => this.#remove(id), delayMs, true);
  }
}
