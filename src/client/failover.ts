/**
 * Other datacenters and peers that stand in for the own datacenter.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Subscription } from "../watch/watch_set.ts";

// The own datacenter may fail to respond this long before another one is preferred to its last list.
const UNREACHABLE_MS = 10_000;
// The own datacenter must have been good this long before it is used again.
const GOOD_MS = 30_000;

/** Options of {@linkcode Failover}. */
export interface FailoverOptions {
  /** Datacenters and peers, in order of preference. */
  readonly targets: readonly Target[];
  /** Time. */
  readonly clock: Clock;
  /** Whether a timer may bring the own datacenter back; else the next `update()` does. */
  readonly hasTimers: boolean;
  /** Whether that timer alone must not keep the process alive. */
  readonly background: boolean;
  /** Subscribes to the service in a datacenter or at a peer. */
  subscribe(target: Target): readonly Subscription[];
  /** Called when another list is to be used from now on. */
  changed(): void;
}

/** A datacenter or a peer that can stand in. */
export interface Target {
  /** The datacenter; `undefined` for a peer. */
  readonly datacenter?: string | undefined;
  /** The peer; `undefined` for a datacenter. */
  readonly peer?: string | undefined;
  /** Tagged address to use there. */
  readonly address?: string | undefined;
}

interface Standby {
  readonly target: Target;
  readonly subscriptions: readonly Subscription[];
}

/**
 * Decides whose list is used. What stands by is only watched while it is needed.
 */
export class Failover {
  readonly #options: FailoverOptions;
  #standbys: Standby[] = [];
  #active: Standby | undefined;
  #returnAt: number | undefined;
  #timer: Timer | undefined;

  /** Creates a failover that uses the own datacenter. */
  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  /** The datacenter that stands in, or `peer:` and a peer; `undefined` while the own one is used. */
  get standIn(): string | undefined {
    if (this.#active === undefined) return undefined;
    const { datacenter, peer } = this.#active.target;
    return datacenter ?? `peer:${peer}`;
  }

  /** Lists to use instead of the own one's, or `undefined` while the own one is used. */
  get lists(): readonly (readonly Endpoint[])[] | undefined {
    return this.#active?.subscriptions.map(({ watch }) => watch.endpoints);
  }

  /** Every standby watch there is at present. */
  get subscriptions(): readonly Subscription[] {
    return this.#standbys.flatMap(({ subscriptions }) => subscriptions);
  }

  /**
   * Decides again. Called whenever a list or a state may have changed.
   *
   * @param own The own datacenter's watches.
   */
  update(own: readonly Subscription[]): void {
    if (this.#options.targets.length === 0) return;
    const now = this.#options.clock.now();
    if (isGood(own, now)) {
      this.#planReturn(own, now);
      return;
    }
    this.#cancelReturn();
    // Nothing is known yet: the own datacenter is read first.
    if (!own.every(({ watch }) => watch.isSettled)) return;
    this.#use(this.#firstGood());
  }

  /** Waits until the standby that is needed has been read once. */
  async settled(): Promise<void> {
    for (let seen = 0; seen < this.#standbys.length; seen++) {
      await Promise.all(this.#standbys[seen]!.subscriptions.map(({ watch }) => watch.settled));
    }
  }

  /** Ends every standby watch. */
  async close(): Promise<void> {
    this.#cancelReturn();
    const { subscriptions } = this;
    this.#standbys = [];
    this.#active = undefined;
    await Promise.all(subscriptions.map((subscription) => subscription.end()));
  }

  /** The first one in order that has endpoints; those before it are watched as well. */
  #firstGood(): Standby | undefined {
    for (const [position, target] of this.#options.targets.entries()) {
      let standby = this.#standbys[position];
      if (standby === undefined) {
        standby = { target, subscriptions: this.#options.subscribe(target) };
        this.#standbys[position] = standby;
      }
      if (standby.subscriptions.some(({ watch }) => watch.endpoints.length > 0)) return standby;
      // Its first response leads back here.
      if (!standby.subscriptions.every(({ watch }) => watch.isSettled)) return undefined;
    }
    return undefined;
  }

  #use(standby: Standby | undefined): void {
    if (standby === undefined || standby === this.#active) return;
    this.#active = standby;
    this.#options.changed();
  }

  #planReturn(own: readonly Subscription[], now: number): void {
    if (this.#standbys.length === 0) return;
    this.#returnAt ??= now + (this.#active === undefined ? 0 : GOOD_MS);
    if (now >= this.#returnAt) {
      void this.close();
      this.#options.changed();
    } else if (this.#options.hasTimers) {
      this.#timer ??= this.#options.clock.start(
        () => {
          this.#timer = undefined;
          this.update(own);
        },
        this.#returnAt - now,
        this.#options.background,
      );
    }
  }

  #cancelReturn(): void {
    this.#returnAt = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function isGood(own: readonly Subscription[], now: number): boolean {
  const filled = own.some(({ watch }) => watch.endpoints.length > 0);
  const lost = own.every(({ watch: { state } }) =>
    state.failingSince !== undefined && now - state.failingSince >= UNREACHABLE_MS
  );
  return filled && !lost;
}
