/**
 * The services whose names match one pattern.
 *
 * @module
 */
import { fullJitter } from "../backoff.ts";
import type { ConfigWarning, PatternConfig, WatchConfig } from "../config/config.ts";
import { PilotedError } from "../errors.ts";
import { CutPoll } from "../registry/cut_poll.ts";
import { RateLimit } from "../registry/rate_limit.ts";
import type { Listing, ListQuery } from "../source/source.ts";
import { sleep } from "../wait.ts";
import type { Session } from "../registry/session.ts";
import type { Events } from "./events.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Services } from "./services.ts";

const BACKOFF = { baseMs: 250, maxMs: 30_000 };
// Consul's index of the list moves with every registration in the catalog.
const MIN_INTERVAL_MS = 250;
// After a failure a list that is read on demand is left alone for this long.
const PAUSE_MS = 1_000;

/** What a follower shares with the rest of its client. */
export interface FollowerContext {
  /** Lists the services. */
  readonly session: Session;
  /** Options of the client. */
  readonly options: ResolvedOptions;
  /** Receives errors. */
  readonly events: Events;
  /** Where the services that match are watched. */
  readonly services: Services;
  /** Takes the warning that more services match than the limit allows. */
  readonly warn: (warning: ConfigWarning) => void;
}

/** Follows the list of services by blocking queries, or reads it on demand. */
export class PatternFollower {
  readonly #pattern: PatternConfig;
  readonly #context: FollowerContext;
  readonly #changed: () => Promise<void>;
  readonly #expression: RegExp;
  readonly #stopped = new AbortController();
  readonly #rateLimit: RateLimit;
  #watches: readonly WatchConfig[] = [];
  #listed: ReadonlyMap<string, string> | undefined;
  #failure: PilotedError | undefined;
  #poll = new AbortController();
  #loop: Promise<void> | undefined;
  #settled: Promise<void> = Promise.resolve();
  #flight: Promise<void> | undefined;
  #dueAt = 0;
  #warning: ConfigWarning | undefined;

  /**
   * Creates a follower that does nothing yet.
   *
   * @param pattern The pattern.
   * @param context What it shares with the rest of the client.
   * @param changed Called when other services match.
   */
  constructor(pattern: PatternConfig, context: FollowerContext, changed: () => Promise<void>) {
    const { clock, keepProcessAlive } = context.options;
    this.#pattern = pattern;
    this.#context = context;
    this.#changed = changed;
    const parts = pattern.pattern.split("*").map((part) =>
      part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&")
    );
    this.#expression = new RegExp(`^${parts.join(".*")}$`, "isu");
    const background = !keepProcessAlive;
    this.#rateLimit = new RateLimit({ clock, intervalMs: MIN_INTERVAL_MS, background });
  }

  /** Watches of the services that match. */
  get watches(): readonly WatchConfig[] {
    return this.#watches;
  }

  /** Whether the services have been listed once. */
  get isListed(): boolean {
    return this.#listed !== undefined;
  }

  /** Whether the list is old enough to be read again, with mode `"on-demand"`. */
  get isDue(): boolean {
    return this.#context.options.clock.now() >= this.#dueAt;
  }

  /** Why the services have not been listed yet; `undefined` when they have. */
  get failure(): PilotedError | undefined {
    return this.isListed ? undefined : this.#failure;
  }

  /** That more services match than the limit allows. */
  get warning(): ConfigWarning | undefined {
    return this.#warning;
  }

  /** Whether a name matches the pattern. */
  matches(name: string): boolean {
    return this.#expression.test(name);
  }

  /**
   * Starts to follow the list. Calling it again does nothing.
   *
   * @returns Settles when the services that match have been read once, or their list could not be read.
   */
  start(): Promise<void> {
    if (this.#loop === undefined) {
      this.#settled = new Promise((resolve) => this.#loop = this.#run(resolve));
    }
    return this.#settled;
  }

  /**
   * Lists the services now.
   *
   * @throws {PilotedError} why that failed, if they have never been listed.
   */
  read(): Promise<void> {
    return this.#flight ??= this.#readOnce().finally(() => this.#flight = undefined);
  }

  /** A service has no endpoints. If it is not listed either, it goes. */
  emptied(service: string): void {
    const listed = this.#listed;
    const name = service.toLowerCase();
    if (listed === undefined || listed.has(name)) return;
    if (!this.#watches.some((watch) => watch.name.toLowerCase() === name)) return;
    // Not inside of the event: its other listeners still find the service.
    queueMicrotask(() => void this.#choose().catch(() => {}));
  }

  /** The registry was replaced by another one. */
  reconnect(): void {
    this.#dueAt = 0;
    this.#poll.abort(new PilotedError("REGISTRY_UNREACHABLE", "The registry was replaced"));
  }

  /** Ends the reading. */
  async stop(): Promise<void> {
    const reason = new PilotedError("CLOSED", "Cannot go on listing services: closed");
    this.#stopped.abort(reason);
    this.#poll.abort(reason);
    this.#watches = [];
    await this.#loop;
    await this.#flight?.catch(() => {});
  }

  async #readOnce(): Promise<void> {
    const { clock, ttlMs } = this.#context.options;
    try {
      const listing = await this.#context.session.list(
        this.#query,
        undefined,
        this.#stopped.signal,
      );
      this.#dueAt = clock.now() + ttlMs;
      await this.#take(listing);
    } catch (cause) {
      if (this.#stopped.signal.aborted) return;
      this.#dueAt = clock.now() + PAUSE_MS;
      const error = this.#failed(cause);
      if (!this.isListed) throw error;
    }
  }

  async #run(settle: () => void): Promise<void> {
    const { session } = this.#context;
    const release = this.#isPolling ? session.budget.reserve() : undefined;
    try {
      await this.#follow(settle);
    } finally {
      release?.();
      settle();
    }
  }

  async #follow(settle: () => void): Promise<void> {
    const { session, options: { random, clock } } = this.#context;
    const { signal } = this.#stopped;
    const background = !this.#isPolling;
    let position: string | undefined;
    let cut: CutPoll | undefined;
    let failureCount = 0;
    while (!signal.aborted) {
      try {
        this.#poll = new AbortController();
        const listing = await session.list(this.#query, position, this.#poll.signal);
        failureCount = 0;
        if (cut !== undefined) session.confirmCut(cut.heldMs);
        cut = undefined;
        const isBehind = background || session.isBehind(listing.position, position);
        position = isBehind ? undefined : listing.position;
        const taken = this.#take(listing).catch((cause) => this.#failed(cause));
        // Only the start waits: the next change of the list may concern other services.
        taken.then(settle);
        if (listing.position !== undefined && !background) {
          await this.#rateLimit.take(true, signal);
        } else {
          const delayMs = this.#pattern.intervalMs * (0.95 + 0.1 * random());
          await sleep(clock, delayMs, { signal, background });
        }
      } catch (cause) {
        if (signal.aborted) break;
        position = undefined;
        if (this.#poll.signal.aborted) continue;
        // Whether the registry is away or something on the way ended the query, a plain read shows.
        cut = cause instanceof CutPoll ? cause : undefined;
        if (cut !== undefined) continue;
        this.#failed(cause);
        settle();
        const delayMs = fullJitter(failureCount++, { ...BACKOFF, random });
        await sleep(clock, delayMs, { signal, background }).catch(() => {});
      }
    }
  }

  /** Whether blocking queries are used, which keep the process alive. */
  get #isPolling(): boolean {
    return this.#context.options.keepProcessAlive;
  }

  get #query(): ListQuery {
    const { datacenter, peer, namespace, partition } = this.#pattern;
    return { datacenter, peer, namespace, partition };
  }

  async #take(listing: Listing): Promise<void> {
    const tag = this.#pattern.tag?.toLowerCase();
    const listed = new Map<string, string>();
    for (const [name, tags] of listing.services) {
      if (!this.matches(name)) continue;
      if (tag !== undefined && !tags.some((each) => each.toLowerCase() === tag)) continue;
      if (!listed.has(name.toLowerCase())) listed.set(name.toLowerCase(), name);
    }
    this.#listed = listed;
    this.#failure = undefined;
    await this.#choose();
  }

  /** Those that are followed already come first, so that a limit does not exchange them. */
  async #choose(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const listed = new Map(this.#listed);
    const stay = this.#watches.filter(({ name }) => {
      if (listed.delete(name.toLowerCase())) return true;
      const service = this.#context.services.get(name);
      return service !== undefined && service.pool.endpoints.length > 0;
    });
    const { pattern: _pattern, limit, ...facts } = this.#pattern;
    const fresh = [...listed.values()].sort();
    const isSame = fresh.length === 0 && stay.length === this.#watches.length;
    this.#checkLimit(stay.length + fresh.length);
    const room = Math.max(0, limit - stay.length);
    const added = fresh.slice(0, room).map((name) => Object.freeze({ name, ...facts }));
    if (isSame || (added.length === 0 && stay.length === this.#watches.length)) return;
    this.#watches = [...stay, ...added];
    await this.#changed();
  }

  #checkLimit(count: number): void {
    const { pattern, limit } = this.#pattern;
    const wasLimited = this.#warning !== undefined;
    this.#warning = count <= limit ? undefined : Object.freeze({
      at: `pattern ${JSON.stringify(pattern)}`,
      message: `the pattern ${JSON.stringify(pattern)} matches ${count} services, and ` +
        `${limit} of them are watched; use a narrower pattern or raise its limit`,
    });
    if (this.#warning !== undefined && !wasLimited) this.#context.warn(this.#warning);
  }

  #failed(cause: unknown): PilotedError {
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = cause instanceof PilotedError ? cause : new PilotedError(
      "REGISTRY_UNREACHABLE",
      `Cannot list the services: ${why}`,
      { cause },
    );
    this.#failure = error;
    this.#context.events.emit("error", error);
    return error;
  }
}
