/**
 * Who may ask the agent when, within a budget of connections.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { Query } from "../source/source.ts";
import type { HintObserver } from "./change_hint.ts";
import { Semaphore } from "./semaphore.ts";

/** Leave to ask one question. */
export interface Turn {
  /** How long the registry may hold it, in milliseconds; 0 for an answer at once. */
  readonly waitMs: number;
  /** Gives the place back. Must be called once. */
  release(): void;
}

/** Who asks. */
export interface Asker {
  /** What is asked. */
  readonly query: Query;
  /** When its list last changed, in milliseconds since the Unix epoch; 0 for never. */
  readonly changedAt: number;
}

/** Options of {@linkcode Scheduler}. */
export interface SchedulerOptions {
  /** Time. */
  clock: Clock;
  /** Random numbers in [0, 1). */
  random: () => number;
  /** Most questions under way at a time. */
  maxConnections: number;
  /** Longest time that the registry may hold a question, in milliseconds. */
  waitMs: number;
  /** Whether questions share connections, so that there is no need to count them. @default {never} */
  multiplexed?: () => boolean;
  /** Begins to ask which services changed; called while watches are parked. @default {none} */
  hint?: (observer: HintObserver) => Hint;
}

/** Something that notices changes while watches are parked. */
export interface Hint {
  /** Whether it does so at present. */
  readonly active: boolean;
  /** Ends it. */
  stop(): void;
}

// A quarter of the budget is kept for questions that are answered at once.
const SHORT_SHARE = 0.25;
const MAX_SHORT = 16;
// Parked watches together ask at most this often: reading 20 small services a second costs
// Consul 1.8.7 about 1 % of a core.
const ROTATION_MS = 50;
// Few parked watches need not go round more often than this.
const LAP_MS = 1_000;
// While a hint tells which services changed, the rotation only covers what no hint can tell.
const HINTED_LAP_MS = 120_000;
// After "429 Too Many Requests" the budget comes back by a place every ten seconds.
const REGROW_MS = 10_000;
const MIN_PLACES = 2;

interface Parked {
  asker: Asker;
  grant(turn: Turn): void;
}

/**
 * Shares the connections to one agent: as many watches as there are places hold a blocking query,
 * first those that changed last; the others are parked, read in rotation, and read at once when a
 * hint says that they changed. A place is never taken away: it is handed on when the registry has
 * answered.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #short: Semaphore;
  readonly #longPlaces: number;
  readonly #parked = new Set<Parked>();
  // What "429 Too Many Requests" left of the places.
  #cap = Infinity;
  #regrowAt = 0;
  #long = 0;
  #rotation: Timer | undefined;
  #hint: Hint | undefined;
  #found = 0;

  /** Makes a scheduler with every place free. */
  constructor(options: SchedulerOptions) {
    this.#options = options;
    const short = Math.max(
      1,
      Math.min(MAX_SHORT, Math.floor(options.maxConnections * SHORT_SHARE)),
    );
    this.#short = new Semaphore(short);
    // One is left for the hint.
    this.#longPlaces = Math.max(1, options.maxConnections - short - 1);
  }

  /** How many blocking queries are under way, how many there may be, and how many watches are parked. */
  get load(): { readonly long: number; readonly places: number; readonly parked: number } {
    return { long: this.#long, places: this.#places(), parked: this.#parked.size };
  }

  /**
   * Leave for a question that is answered at once.
   *
   * @throws The signal's own reason when it aborts.
   */
  async shortTurn(signal: AbortSignal): Promise<Turn> {
    const release = await this.#short.acquire(signal);
    return { waitMs: 0, release };
  }

  /**
   * Leave for a blocking query, or, for a parked watch when it is its turn, for a question that
   * is answered at once.
   *
   * @throws The signal's own reason when it aborts.
   */
  longTurn(asker: Asker, signal: AbortSignal): Promise<Turn> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#long < this.#places()) return Promise.resolve(this.#grantLong());
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#parked.delete(entry);
        reject(signal.reason);
      };
      const entry: Parked = {
        asker,
        grant: (turn) => {
          signal.removeEventListener("abort", abort);
          this.#parked.delete(entry);
          resolve(turn);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#parked.add(entry);
      this.#hint ??= this.#options.hint?.(this.#hintObserver());
      this.#rotate();
    });
  }

  /** The agent answered 429: half of the places are left free from now on. */
  refused(): void {
    const places = this.#options.multiplexed?.() ? this.#long : this.#places();
    this.#cap = Math.max(MIN_PLACES, Math.floor(places / 2));
    this.#regrowAt = this.#options.clock.now() + REGROW_MS;
  }

  /** The agent answered: after a while a place comes back. */
  succeeded(): void {
    if (this.#cap === Infinity) return;
    const now = this.#options.clock.now();
    if (now < this.#regrowAt) return;
    this.#cap = this.#cap >= this.#budget() ? Infinity : this.#cap + 1;
    this.#regrowAt = now + REGROW_MS;
  }

  /** Stops the rotation. Waiting watches are ended by their own signals. */
  close(): void {
    this.#rotation?.cancel();
    this.#rotation = undefined;
    this.#hint?.stop();
    this.#hint = undefined;
  }

  #places(): number {
    return Math.min(this.#budget(), this.#cap);
  }

  #budget(): number {
    return this.#options.multiplexed?.() ? Infinity : this.#longPlaces;
  }

  #grantLong(): Turn {
    this.#long++;
    const { waitMs, random } = this.#options;
    let released = false;
    return {
      // Spread, so that watches that began together do not ask together for ever.
      waitMs: waitMs * (0.5 + 0.5 * random()),
      release: () => {
        if (released) return;
        released = true;
        this.#long--;
        this.#handOn();
      },
    };
  }

  /** A free place goes to the parked watch that changed last. */
  #handOn(): void {
    if (this.#long >= this.#places()) return;
    let hottest: Parked | undefined;
    for (const entry of this.#parked) {
      if (entry.asker.changedAt > (hottest?.asker.changedAt ?? 0)) hottest = entry;
    }
    hottest?.grant(this.#grantLong());
  }

  #rotate(): void {
    if (this.#rotation !== undefined || this.#parked.size === 0) return;
    const lapMs = this.#hint?.active ? HINTED_LAP_MS : LAP_MS;
    this.#rotation = this.#options.clock.start(() => {
      this.#rotation = undefined;
      const [next] = this.#parked;
      if (next !== undefined) void this.#read(next);
      this.#rotate();
    }, Math.max(ROTATION_MS, lapMs / this.#parked.size));
  }

  /** Lets a parked watch ask, as soon as there is a place for a short question. */
  async #read(entry: Parked, unnamed = false): Promise<void> {
    const release = await this.#short.acquire();
    // It may have asked meanwhile, or have been stopped.
    if (!this.#parked.has(entry)) return release();
    const { asker } = entry;
    const before = asker.changedAt;
    entry.grant({
      waitMs: 0,
      release: () => {
        release();
        if (unnamed && asker.changedAt !== before) this.#found++;
      },
    });
  }

  #hintObserver(): HintObserver {
    const parked = this.#parked;
    const found = () => this.#found;
    return {
      get found() {
        return found();
      },
      prefer: (services) => {
        for (const entry of parked) {
          if (services.has(entry.asker.query.service)) void this.#read(entry);
        }
      },
      readAll: () => {
        for (const entry of parked) void this.#read(entry, true);
      },
    };
  }
}
