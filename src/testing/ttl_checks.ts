/**
 * The timers behind TTL checks.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

// Consul's `check_deregister_interval_min`: a shorter time is raised to it.
const SHORTEST_DEREGISTER_MS = 60_000;

/** How long a TTL check may stay silent, and what follows. */
export interface TtlOptions {
  /** Milliseconds without a report after which the check is critical. */
  readonly ttlMs: number;
  /** Milliseconds of being critical after which its service is removed; at least a minute. */
  readonly deregisterAfterMs?: number;
}

interface TtlState extends TtlOptions {
  expiry?: Timer;
  removal?: Timer;
}

/** Runs the expiry of TTL checks and the removal of services that stay critical. */
export class TtlChecks {
  readonly #clock: Clock;
  readonly #expire: (id: string) => void;
  readonly #remove: (id: string) => void;
  readonly #states = new Map<string, TtlState>();

  /**
   * Makes an empty set.
   *
   * @param clock Whose time.
   * @param expire Called with the id of a check that was silent for too long.
   * @param remove Called with the id of a check that was critical for too long.
   */
  constructor(clock: Clock, expire: (id: string) => void, remove: (id: string) => void) {
    this.#clock = clock;
    this.#expire = expire;
    this.#remove = remove;
  }

  /**
   * Whether a check has a TTL.
   *
   * @param id Its id.
   * @returns `true` when it may be reported to.
   */
  has(id: string): boolean {
    return this.#states.has(id);
  }

  /**
   * Begins to watch a check, or begins anew.
   *
   * @param id Its id.
   * @param options Its times.
   * @param critical Whether it is critical now.
   */
  add(id: string, options: TtlOptions, critical: boolean): void {
    this.delete(id);
    this.#states.set(id, { ...options });
    this.report(id, critical);
  }

  /**
   * Notes a report: the silence begins anew.
   *
   * @param id Id of the check.
   * @param critical Whether it was reported as critical.
   */
  report(id: string, critical: boolean): void {
    const state = this.#states.get(id);
    if (state === undefined) return;
    state.expiry?.cancel();
    state.expiry = this.#clock.start(
      () => {
        this.#expire(id);
        this.#criticalSince(id, state);
      },
      state.ttlMs,
      true,
    );
    if (critical) return this.#criticalSince(id, state);
    state.removal?.cancel();
    delete state.removal;
  }

  /**
   * Stops watching a check.
   *
   * @param id Its id.
   */
  delete(id: string): void {
    const state = this.#states.get(id);
    state?.expiry?.cancel();
    state?.removal?.cancel();
    this.#states.delete(id);
  }

  /** Stops watching all. */
  clear(): void {
    for (const id of [...this.#states.keys()]) this.delete(id);
  }

  #criticalSince(id: string, state: TtlState): void {
    if (state.deregisterAfterMs === undefined || state.removal !== undefined) return;
    const delayMs = Math.max(state.deregisterAfterMs, SHORTEST_DEREGISTER_MS);
    state.removal = this.#clock.start(() => this.#remove(id), delayMs, true);
  }
}
