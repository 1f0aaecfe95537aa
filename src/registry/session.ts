/**
 * One registry, queried within its limits.
 *
 * Everything that reads a registry does it through a session: live watches, on-demand lookups and
 * the change hint. A source only knows a wire format; a runtime's fetch may never settle on a
 * half-open connection, a source of the user's own may ignore its signal and throw what it likes,
 * and an agent refuses the 201st connection. So a session takes a permit for every read, ends it at
 * a deadline whatever the source does, and turns what was thrown into a `PilotedError`.
 *
 * Source of the deadline: "Blocking Queries" of Consul's HTTP API documentation. Consul adds up to
 * wait / 16 to a wait, so a blocking query gets wait + wait / 16 + `requestTimeoutMs`.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import type {
  Consistency,
  Listing,
  ListQuery,
  Query,
  Reading,
  ReadOptions,
  Summary,
} from "../source/source.ts";
import { AgentCopies } from "./agent_copies.ts";
import { ChangeHint } from "./change_hint.ts";
import { Connection, type Registry, type Subject, type Work } from "./connection.ts";
import { ConnectionBudget, type Pollable } from "./connection_budget.ts";
import { CutPoll, isCut, isLostConnection } from "./cut_poll.ts";
import { tooSoon } from "./limit_errors.ts";
import { Pace } from "./pace.ts";
import { RecoveryProbe } from "./recovery_probe.ts";
import { WaitCeiling } from "./wait_ceiling.ts";

/** Options of a {@linkcode Session}. */
export interface SessionOptions {
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Maximum number of concurrent reads. */
  readonly maxConnections: number;
  /** Maximum wait of a blocking query, in milliseconds. */
  readonly waitMs: number;
  /** Time for a response that the registry need not hold, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Whether timers must keep the process alive. */
  readonly keepProcessAlive: boolean;
  /** Number of services that are watched. */
  readonly watchedCount: () => number;
  /** How fresh a response must be: `"stale"` and `"cached"` let an agent's copy stand in. @default {"stale"} */
  readonly consistency?: Consistency;
  /** Whether a reload may bring another token. @default {false} */
  readonly reload?: boolean;
}

/** How a service is read. */
export interface SessionReadOptions {
  /** How fresh the response must be. */
  readonly consistency: Consistency;
  /** Where to wait from; the read then takes turns with those of other watches. */
  readonly wait?: { readonly position: string; readonly watch: Pollable };
  /**
   * What happens while the registry limits the rate: the read is sent when it is its turn, or fails
   * at once. @default {"wait"}
   */
  readonly whenLimited?: "wait" | "fail";
  /** Whether the response has the checks of every instance as well. @default {false} */
  readonly checks?: boolean;
}

/** One registry, queried within its limits. */
export class Session {
  /** Decides which reads may hold a connection. */
  readonly budget: ConnectionBudget;
  /** Notices that the registry is back. */
  readonly probe: RecoveryProbe;
  /** Slows the whole client down after the registry has limited its rate. */
  readonly pace: Pace;
  readonly #ceiling: WaitCeiling;
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  #copies: AgentCopies;

  /**
   * Creates a session; nothing is read yet.
   *
   * @param registry The connection.
   * @param options Limits.
   */
  constructor(registry: Registry, options: SessionOptions) {
    const { clock, random, maxConnections, waitMs, keepProcessAlive } = options;
    this.#connection = new Connection(registry, options);
    this.#options = options;
    this.#copies = new AgentCopies(options.consistency);
    this.probe = new RecoveryProbe(clock, random, !keepProcessAlive);
    this.#ceiling = new WaitCeiling({ clock, random, waitMs });
    this.pace = new Pace({
      clock,
      random,
      // What blocking queries that end without a change come to; each waits 75 % of the maximum.
      usualMs: () => {
        const { places } = this.budget.load;
        return 0.75 * this.#ceiling.ms / Math.max(1, Math.min(places, options.watchedCount()));
      },
      background: !keepProcessAlive,
    });
    this.budget = new ConnectionBudget({
      clock,
      random,
      maxConnections,
      waitMs,
      nextWaitMs: () => this.#ceiling.next(),
      isLimited: () => this.pace.isLimited,
      parkedReads: () => this.#copies.areUsable ? "cheap" : "hint",
      multiplexed: () => this.#connection.multiplexed,
      hint: (observer) => new ChangeHint(this, options, observer),
    });
  }

  /** Address of the server in use, where there are several. */
  get address(): string | undefined {
    return this.#connection.address;
  }

  /** Whether the registry has a summary of its services. */
  get summarizes(): boolean {
    return this.#connection.source.summarize !== undefined;
  }

  /**
   * Whether a position lies behind one that was read before: the registry was restored or replaced,
   * or the responding server lags.
   *
   * @param position A position that was just read.
   * @param known A position that was read before.
   */
  isBehind(position: string | undefined, known: string | undefined): boolean {
    if (position === undefined || known === undefined) return false;
    return this.#connection.source.isBehind?.(position, known) ?? false;
  }

  /**
   * Reads a service once: at once, or, with `wait`, when something changes. A watch that has to
   * share connections with many others may get a plain read instead when it is its turn.
   *
   * @param query What to read.
   * @param options How.
   * @param signal Aborts the read.
   * @returns The registry's response.
   * @throws {PilotedError} `TIMEOUT` at the deadline, else why there is no response.
   * @throws {CutPoll} when a blocking query was ended on its way; see {@linkcode Session.confirmCut}.
   * @throws The signal's own reason when it aborts.
   */
  async read(query: Query, options: SessionReadOptions, signal: AbortSignal): Promise<Reading> {
    const { consistency, wait, whenLimited = "wait", checks = false } = options;
    const permit = wait === undefined
      ? await this.budget.shortPermit(signal)
      : await this.budget.longPermit(wait.watch, signal);
    try {
      const { pace } = this;
      if (whenLimited === "wait" || pace.isLimited) {
        if (whenLimited === "fail" && pace.delayMs > 0) throw tooSoon(query, pace.delayMs);
        await pace.take(signal);
      }
      const { waitMs } = permit;
      const isParked = wait !== undefined && waitMs === 0;
      const how: ReadOptions = waitMs > 0 && wait !== undefined
        ? { consistency, position: wait.position, waitMs }
        : { consistency: isParked && this.#copies.areUsable ? "cached" : consistency };
      const { position } = how;
      const reading = await this.#send(
        (source, signal, isPlain) =>
          source.read(query, { ...how, ...(isPlain && { position: undefined }), checks, signal }),
        { name: `service ${JSON.stringify(query.service)}`, service: query.service, waitMs },
        position,
        signal,
      );
      this.#copies.note(reading.freshness, how);
      return reading;
    } finally {
      permit.release();
    }
  }

  /**
   * A blocking query was cut, and a plain read has then succeeded: something between client and
   * registry does not let responses take that long.
   *
   * @param heldMs Age of the query that was cut, in milliseconds.
   */
  confirmCut(heldMs: number): void {
    this.#ceiling.cut(heldMs);
  }

  /**
   * Reads the summary of all services. Takes no permit: the budget leaves one connection for it.
   *
   * @param options Where to wait from, and how long.
   * @param signal Aborts the read.
   * @returns The registry's response.
   * @throws as {@linkcode Session.read}; `REGISTRY_RESPONSE` where the source has no summary.
   */
  async summarize(options: ReadOptions, signal: AbortSignal): Promise<Summary> {
    const { position } = options;
    const waitMs = Math.min(options.waitMs ?? 0, this.#ceiling.ms);
    const how = position === undefined ? options : { ...options, waitMs };
    return await this.#send(
      (source, signal, isPlain) => {
        if (source.summarize !== undefined) {
          return source.summarize({ ...how, ...(isPlain && { position: undefined }), signal });
        }
        const message = "Cannot read the summary of services: this source has none";
        return Promise.reject(new PilotedError("REGISTRY_RESPONSE", message));
      },
      { name: "the summary of services", waitMs },
      position,
      signal,
    );
  }

  /**
   * Lists the names of all services: at once, or, with a position, when the list changes. Whoever waits
   * has reserved a connection in the budget.
   *
   * @param query Where to list.
   * @param position Where to wait from.
   * @param signal Aborts the read.
   * @returns The registry's response.
   * @throws as {@linkcode Session.read}; `UNSUPPORTED` where the source has no list.
   */
  async list(
    query: ListQuery,
    position: string | undefined,
    signal: AbortSignal,
  ): Promise<Listing> {
    const permit = position === undefined ? await this.budget.shortPermit(signal) : undefined;
    try {
      await this.pace.take(signal);
      const waitMs = position === undefined ? 0 : this.#ceiling.next();
      return await this.#send(
        (source, signal, isPlain) => {
          if (source.list !== undefined) {
            const wait = isPlain || position === undefined ? {} : { position, waitMs };
            return source.list(query, { ...wait, signal });
          }
          const message =
            `Cannot follow a pattern: the source ${source.name} does not list services`;
          return Promise.reject(new PilotedError("UNSUPPORTED", message));
        },
        { name: "the list of services", waitMs },
        position,
        signal,
      );
    } finally {
      permit?.release();
    }
  }

  /**
   * Announces that the registry may be replaced; see {@linkcode Connection.reloading}.
   *
   * @param work Ends when the registry has been replaced, or stays.
   */
  reloading(work: Promise<unknown>): Promise<void> {
    return this.#connection.reloading(work);
  }

  /**
   * Reads from another registry from now on; see {@linkcode Connection.replace}.
   *
   * @param registry The new connection.
   */
  async replace(registry: Registry): Promise<void> {
    this.#copies = new AgentCopies(this.#options.consistency);
    await this.#connection.replace(registry);
  }

  /** Stops the timers and closes the connections. */
  async close(): Promise<void> {
    this.budget.close();
    this.probe.close();
    this.pace.close();
    await this.#connection.close();
  }

  /** One read; what its end says about the registry's limits and the way there is remembered. */
  async #send<T>(
    work: Work<T>,
    subject: Subject,
    position: string | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    const { clock } = this.#options;
    const sentAt = clock.now();
    const send = () => this.#connection.send(work, subject, signal);
    const result = await send().catch((error: unknown) => {
      if (!(error instanceof PilotedError)) throw error;
      if (error.limit === "connections") this.budget.refused();
      if (error.limit === "rate") this.pace.refused(sentAt, error.retryAfterMs);
      if (position !== undefined && isCut(error)) throw new CutPoll(clock.now() - sentAt, error);
      // A connection that was kept open may be closed by the other side just as it is used again.
      if (isLostConnection(error)) return send();
      throw error;
    });
    if (position !== undefined) this.#ceiling.survived(clock.now() - sentAt);
    this.pace.succeeded(sentAt);
    this.budget.succeeded();
    return result;
  }
}
