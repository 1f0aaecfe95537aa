/**
 * Decides which reads may hold a connection to the agent, within a budget.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Query } from "../source/source.ts";
import { onAbort } from "../wait.ts";
import type { HintObserver } from "./change_hint.ts";
import { Rotation } from "./rotation.ts";
import { Semaphore } from "./semaphore.ts";

/** Permission for one read. */
export interface Permit {
  /** Maximum time that the registry may hold the read, in milliseconds; 0 for a plain read. */
  readonly waitMs: number;
  /** Gives the permit back. Must be called once. */
  release(): void;
}

/** A watch that polls. */
export interface Pollable {
  /** What it reads. */
  readonly query: Query;
  /** When its list last changed, in milliseconds since the Unix epoch; 0 for never. */
  readonly changedAt: number;
}

/** Options of {@linkcode ConnectionBudget}. */
export interface ConnectionBudgetOptions {
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Maximum number of concurrent reads. */
  readonly maxConnections: number;
  /** Maximum wait of a blocking query, in milliseconds. Each query uses a random 50 to 100 % of it. */
  readonly waitMs: number;
  /** Wait of the next blocking query, in milliseconds. @default {50 to 100 % of waitMs} */
  readonly nextWaitMs?: () => number;
  /** Whether the registry limits the rate of reads: parked watches are left alone. @default {never} */
  readonly isLimited?: () => boolean;
  /**
   * How parked watches learn of changes: by the hint, or because reading all of them is cheap (by
   * the agent's own copy). @default {"hint"}
   */
  readonly parkedReads?: () => "hint" | "cheap";
  /** Whether reads share connections, so that there is no need to count them. @default {never} */
  readonly multiplexed?: () => boolean;
  /** Starts to read which services changed; called while watches are parked. @default {none} */
  readonly hint?: (observer: HintObserver) => Hint;
}

/** Something that notices changes while watches are parked. */
export interface Hint {
  /** Whether it does so at present. */
  readonly active: boolean;
  /** Stops it. */
  stop(): void;
}

// A quarter of the budget is reserved for plain reads.
const SHORT_SHARE = 0.25;
const MAX_SHORT = 16;
// While a hint names the services that changed, the rotation only covers what no hint can name.
const HINTED = { lapMs: 120_000, turnMs: 50, perSecond: 20 };
// What no hint names is read this often, by as many reads as that takes, so that a change is visible
// within two seconds; likewise everything where a read costs little, or where there is no hint. 20
// reads of small services a second cost Consul 1.8.7 about 1 % of a core.
const FAST = { lapMs: 1_500, turnMs: 10, perSecond: 650 };
// Parts of a query that do not lead out of what a summary lists.
const NAMEABLE: ReadonlySet<string> = new Set(["service", "tag", "filter", "port", "address"]);
// After "429 Too Many Requests" the budget grows back by one connection every ten seconds.
const REGROW_MS = 10_000;
const MIN_PLACES = 2;

interface Parked {
  readonly watch: Pollable;
  grant(permit: Permit): void;
}

/**
 * Shares the connections to one agent: as many watches as there are connections hold a blocking
 * query, those that changed last first; the others are parked, read in rotation, and read at once
 * when a hint says that they changed. A connection is never taken away: it is handed on when the
 * registry has responded.
 */
export class ConnectionBudget {
  readonly #options: ConnectionBudgetOptions;
  readonly #short: Semaphore;
  readonly #longPlaces: number;
  readonly #parked = new Set<Parked>();
  // What "429 Too Many Requests" left of the places.
  #cap = Infinity;
  #regrowAt = 0;
  #long = 0;
  #reserved = 0;
  readonly #slow: Rotation<Parked>;
  readonly #fast: Rotation<Parked>;
  #hint: Hint | undefined;
  #found = 0;

  /** Creates a budget with every connection free. */
  constructor(options: ConnectionBudgetOptions) {
    this.#options = options;
    const short = Math.max(
      1,
      Math.min(MAX_SHORT, Math.floor(options.maxConnections * SHORT_SHARE)),
    );
    this.#short = new Semaphore(short);
    // One is left for the hint.
    this.#longPlaces = Math.max(1, options.maxConnections - short - 1);
    const { clock } = options;
    const shared = {
      clock,
      read: (entry: Parked) => void this.#read(entry),
      isOpen: () => this.#isOpen(),
    };
    const hinted = () => this.#hint?.active ? HINTED : FAST;
    this.#slow = new Rotation({
      ...shared,
      lapMs: () => hinted().lapMs,
      turnMs: () => hinted().turnMs,
      perSecond: () => hinted().perSecond,
    });
    this.#fast = new Rotation({
      ...shared,
      lapMs: () => FAST.lapMs,
      turnMs: () => FAST.turnMs,
      perSecond: () => FAST.perSecond,
    });
  }

  /** Number of blocking queries under way, of those that may be, and of parked watches. */
  get load(): { readonly long: number; readonly places: number; readonly parked: number } {
    return { long: this.#long, places: this.#places(), parked: this.#parked.size };
  }

  /**
   * Permission for a plain read.
   *
   * @throws The signal's own reason when it aborts.
   */
  async shortPermit(signal: AbortSignal): Promise<Permit> {
    const release = await this.#short.acquire(signal);
    return { waitMs: 0, release };
  }

  /**
   * Permission for a blocking query or, for a parked watch when it is its turn, for a plain read.
   *
   * @throws The signal's own reason when it aborts.
   */
  longPermit(watch: Pollable, signal: AbortSignal): Promise<Permit> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#long < this.#places()) return Promise.resolve(this.#grantLong());
    return new Promise((resolve, reject) => {
      const entry: Parked = {
        watch,
        grant: (permit) => {
          remove();
          this.#unpark(entry);
          resolve(permit);
        },
      };
      const remove = onAbort(signal, (reason) => {
        this.#unpark(entry);
        reject(reason);
      });
      this.#parked.add(entry);
      this.#isOpen();
      const isFast = this.#parkedReads === "cheap" || !isNameable(watch.query);
      (isFast ? this.#fast : this.#slow).add(entry);
    });
  }

  /**
   * Takes a connection out of the budget for as long as something else polls.
   *
   * @returns Gives it back. Must be called once.
   */
  reserve(): () => void {
    this.#reserved++;
    return () => {
      this.#reserved--;
      this.#handOn();
    };
  }

  /** The agent responded 429: half of the connections are left free from now on. */
  refused(): void {
    const places = this.#options.multiplexed?.() ? this.#long : this.#places();
    this.#cap = Math.max(MIN_PLACES, Math.floor(places / 2));
    this.#regrowAt = this.#options.clock.now() + REGROW_MS;
  }

  /** The agent responded: after a while a connection comes back. */
  succeeded(): void {
    if (this.#cap === Infinity) return;
    const now = this.#options.clock.now();
    if (now < this.#regrowAt) return;
    this.#cap = this.#cap >= this.#budget() ? Infinity : this.#cap + 1;
    this.#regrowAt = now + REGROW_MS;
  }

  /** Stops the rotation. Waiting watches are ended by their own signals. */
  close(): void {
    this.#slow.close();
    this.#fast.close();
    this.#stopHint();
  }

  get #parkedReads(): "hint" | "cheap" {
    return this.#options.parkedReads?.() ?? "hint";
  }

  #unpark(entry: Parked): void {
    this.#parked.delete(entry);
    this.#slow.delete(entry);
    this.#fast.delete(entry);
  }

  /** Whether parked watches may be read now; starts or stops the hint accordingly. */
  #isOpen(): boolean {
    if (this.#options.isLimited?.()) {
      this.#stopHint();
      return false;
    }
    if (this.#parkedReads === "cheap") this.#stopHint();
    else this.#hint ??= this.#options.hint?.(this.#hintObserver());
    return true;
  }

  #stopHint(): void {
    this.#hint?.stop();
    this.#hint = undefined;
  }

  #places(): number {
    return Math.min(this.#budget(), this.#cap);
  }

  #budget(): number {
    if (this.#options.multiplexed?.()) return Infinity;
    return Math.max(1, this.#longPlaces - this.#reserved);
  }

  #grantLong(): Permit {
    this.#long++;
    const { waitMs, random, nextWaitMs } = this.#options;
    let released = false;
    return {
      // Spread, so that watches that started together do not poll together for ever.
      waitMs: nextWaitMs?.() ?? waitMs * (0.5 + 0.5 * random()),
      release: () => {
        if (released) return;
        released = true;
        this.#long--;
        this.#handOn();
      },
    };
  }

  /** A free connection goes to the parked watch that changed last. */
  #handOn(): void {
    if (this.#long >= this.#places()) return;
    let latest: Parked | undefined;
    for (const entry of this.#parked) {
      if (entry.watch.changedAt > (latest?.watch.changedAt ?? 0)) latest = entry;
    }
    latest?.grant(this.#grantLong());
  }

  /** Lets a parked watch read, as soon as there is a permit for a plain read. */
  async #read(entry: Parked, unnamed = false): Promise<void> {
    const release = await this.#short.acquire();
    // It may have been read meanwhile, or stopped.
    if (!this.#parked.has(entry)) return release();
    const { watch } = entry;
    const before = watch.changedAt;
    entry.grant({
      waitMs: 0,
      release: () => {
        release();
        if (unnamed && watch.changedAt !== before) this.#found++;
      },
    });
  }

  #hintObserver(): HintObserver {
    const parked = this.#parked;
    const found = () => this.#found;
    return {
      get foundCount() {
        return found();
      },
      read: (services) => {
        // Consul looks names up without regard to case, and lists them as they were registered.
        const names = new Set([...services].map((name) => name.toLowerCase()));
        for (const entry of parked) {
          if (names.has(entry.watch.query.service.toLowerCase())) void this.#read(entry);
        }
      },
      lost: () => this.#slow.rearm(),
      readAll: () => {
        for (const entry of parked) void this.#read(entry, true);
      },
    };
  }
}

/** Whether a summary of the agent's own datacenter names the service of a query. */
function isNameable(query: Query): boolean {
  return Object.entries(query).every(([key, value]) =>
    value === undefined || value === "" || NAMEABLE.has(key)
  );
}
