/**
 * Other datacenters that stand in for the own one.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import type { Subscription } from "../watch/watch_set.ts";

// The own datacenter may fail to answer this long before another one is preferred to its last list.
const UNREACHABLE_MS = 10_000;
// The own datacenter must have been good this long before it is used again.
const GOOD_MS = 30_000;

/** Options of {@linkcode Failover}. */
export interface FailoverOptions {
  /** Datacenters, in order of preference. */
  datacenters: readonly string[];
  /** Time. */
  clock: Clock;
  /** Whether waiting alone must not keep the process alive. */
  background: boolean;
  /** Begins to watch the service in a datacenter. */
  subscribe(datacenter: string): readonly Subscription[];
  /** Another list is to be used from now on. */
  changed(): void;
}

interface Standby {
  datacenter: string;
  subscriptions: readonly Subscription[];
}

/**
 * Decides which datacenter's list is used. Standby datacenters are only watched while they are
 * needed.
 */
export class Failover {
  readonly #options: FailoverOptions;
  #standbys: Standby[] = [];
  #active: Standby | undefined;
  #return: Timer | undefined;

  /** Makes a failover that uses the own datacenter. */
  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  /** The datacenter that stands in, or `undefined` while the own one is used. */
  get datacenter(): string | undefined {
    return this.#active?.datacenter;
  }

  /** Lists to use instead of the own one's, or `undefined` while the own one is used. */
  get lists(): readonly (readonly Endpoint[])[] | undefined {
    return this.#active?.subscriptions.map(({ watcher }) => watcher.endpoints);
  }

  /** Every standby watch there is at present. */
  get subscriptions(): readonly Subscription[] {
    return this.#standbys.flatMap(({ subscriptions }) => subscriptions);
  }

  /**
   * Looks at how things stand. Called whenever a list or a state may have changed.
   *
   * @param own The own datacenter's watches.
   */
  update(own: readonly Subscription[]): void {
    if (this.#options.datacenters.length === 0) return;
    const now = this.#options.clock.now();
    if (isGood(own, now)) {
      this.#planReturn(own);
      return;
    }
    this.#return?.cancel();
    this.#return = undefined;
    // Nothing is known yet: the own datacenter gets the first word.
    if (!own.every(({ watcher }) => watcher.answered || watcher.error !== undefined)) return;
    this.#use(this.#firstGood());
  }

  /** Waits until the standby that is needed has been asked. */
  async asked(): Promise<void> {
    for (let seen = 0; seen < this.#standbys.length; seen++) {
      await Promise.all(this.#standbys[seen]!.subscriptions.map(({ watcher }) => watcher.asked));
    }
  }

  /** Ends every standby watch. */
  async close(): Promise<void> {
    this.#return?.cancel();
    this.#return = undefined;
    const subscriptions = this.subscriptions;
    this.#standbys = [];
    this.#active = undefined;
    await Promise.all(subscriptions.map((subscription) => subscription.end()));
  }

  /** The first datacenter in order that has endpoints; those before it are watched as well. */
  #firstGood(): Standby | undefined {
    for (const [position, datacenter] of this.#options.datacenters.entries()) {
      let standby = this.#standbys[position];
      if (standby === undefined) {
        standby = { datacenter, subscriptions: this.#options.subscribe(datacenter) };
        this.#standbys[position] = standby;
      }
      if (standby.subscriptions.some(({ watcher }) => watcher.endpoints.length > 0)) return standby;
      const asked = standby.subscriptions.every(({ watcher }) =>
        watcher.answered || watcher.error !== undefined
      );
      // Its answer, when it comes, leads back here.
      if (!asked) return undefined;
    }
    return undefined;
  }

  #use(standby: Standby | undefined): void {
    if (standby === undefined || standby === this.#active) return;
    this.#active = standby;
    this.#options.changed();
  }

  #planReturn(own: readonly Subscription[]): void {
    if (this.#standbys.length === 0 || this.#return !== undefined) return;
    this.#return = this.#options.clock.start(
      () => {
        this.#return = undefined;
        if (!isGood(own, this.#options.clock.now())) return this.update(own);
        void this.close();
        this.#options.changed();
      },
      this.#active === undefined ? 0 : GOOD_MS,
      this.#options.background,
    );
  }
}

function isGood(own: readonly Subscription[], now: number): boolean {
  const filled = own.some(({ watcher }) => watcher.endpoints.length > 0);
  const lost = own.every(({ watcher }) =>
    watcher.failingSince !== undefined && now - watcher.failingSince >= UNREACHABLE_MS
  );
  return filled && !lost;
}
