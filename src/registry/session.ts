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
  Query,
  Reading,
  ReadOptions,
  Source,
  Summary,
} from "../source/source.ts";
import { abortable, deadline } from "../wait.ts";
import { ChangeHint } from "./change_hint.ts";
import { ConnectionBudget, type Pollable } from "./connection_budget.ts";
import { RecoveryProbe } from "./recovery_probe.ts";

/** A connection to a registry. */
export interface Registry {
  /** Reads it. */
  readonly source: Source;
  /** Whether reads share connections at present (HTTP/2). */
  multiplexed(): boolean;
  /** Closes its connections. */
  close(): Promise<void>;
  /** Address of the server in use, where there are several; `undefined` before the first read. */
  readonly address?: string | undefined;
}

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
}

/** What a read is for. */
interface Subject {
  readonly name: string;
  readonly service?: string;
  /** Maximum time that the registry may hold it, in milliseconds. */
  readonly waitMs: number;
}

/** Reads a source, without waiting for a change if `isPlain`. */
type Work<T> = (source: Source, signal: AbortSignal, isPlain: boolean) => Promise<T>;

/** How a service is read. */
export interface SessionReadOptions {
  /** How fresh the response must be. */
  readonly consistency: Consistency;
  /** Where to wait from; the read then takes turns with those of other watches. */
  readonly wait?: { readonly position: string; readonly watch: Pollable };
}

/** One registry, queried within its limits. */
export class Session {
  /** Decides which reads may hold a connection. */
  readonly budget: ConnectionBudget;
  /** Notices that the registry is back. */
  readonly probe: RecoveryProbe;
  readonly #options: SessionOptions;
  #registry: Registry;
  // Reads under way at the present registry; a replaced one is closed when its own have ended.
  #reads = new Set<Promise<unknown>>();
  #reloading: Promise<unknown> | undefined;

  /**
   * Creates a session; nothing is read yet.
   *
   * @param registry The connection.
   * @param options Limits.
   */
  constructor(registry: Registry, options: SessionOptions) {
    const { clock, random, maxConnections, waitMs, keepProcessAlive } = options;
    this.#registry = registry;
    this.#options = options;
    this.probe = new RecoveryProbe(clock, random, !keepProcessAlive);
    this.budget = new ConnectionBudget({
      clock,
      random,
      maxConnections,
      waitMs,
      multiplexed: () => this.#registry.multiplexed(),
      hint: (observer) => new ChangeHint(this, options, observer),
    });
  }

  /** Address of the server in use, where there are several. */
  get address(): string | undefined {
    return this.#registry.address;
  }

  /** Whether the registry has a summary of its services. */
  get summarizes(): boolean {
    return this.#registry.source.summarize !== undefined;
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
    return this.#registry.source.isBehind?.(position, known) ?? false;
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
   * @throws The signal's own reason when it aborts.
   */
  async read(query: Query, options: SessionReadOptions, signal: AbortSignal): Promise<Reading> {
    const { consistency, wait } = options;
    const permit = wait === undefined
      ? await this.budget.shortPermit(signal)
      : await this.budget.longPermit(wait.watch, signal);
    try {
      const { waitMs } = permit;
      const how: ReadOptions = waitMs > 0 && wait !== undefined
        ? { consistency, position: wait.position, waitMs }
        : { consistency };
      const name = `service ${JSON.stringify(query.service)}`;
      const reading = await this.#send(
        (source, signal, isPlain) =>
          source.read(query, { ...how, ...(isPlain && { position: undefined }), signal }),
        { name, service: query.service, waitMs },
        signal,
      );
      this.budget.succeeded();
      return reading;
    } catch (error) {
      if (error instanceof PilotedError && error.status === 429) this.budget.refused();
      throw error;
    } finally {
      permit.release();
    }
  }

  /**
   * Reads the summary of all services. Takes no permit: the budget leaves one connection for it.
   *
   * @param options Where to wait from, and how long.
   * @param signal Aborts the read.
   * @returns The registry's response.
   * @throws as {@linkcode Session.read}; `REGISTRY_RESPONSE` where the source has no summary.
   */
  summarize(options: ReadOptions, signal: AbortSignal): Promise<Summary> {
    const subject = { name: "the summary of services", waitMs: options.waitMs ?? 0 };
    return this.#send(
      (source, signal, isPlain) => {
        if (source.summarize !== undefined) {
          return source.summarize({ ...options, ...(isPlain && { position: undefined }), signal });
        }
        const message = "Cannot read the summary of services: this source has none";
        return Promise.reject(new PilotedError("REGISTRY_RESPONSE", message));
      },
      subject,
      signal,
    );
  }

  /**
   * Announces that the registry may be replaced. Until then a read that the registry refuses waits:
   * the token was perhaps replaced, and the old one destroyed.
   *
   * @param work Ends when the registry has been replaced, or stays.
   */
  async reloading(work: Promise<unknown>): Promise<void> {
    this.#reloading = work;
    await Promise.allSettled([work]);
    if (this.#reloading === work) this.#reloading = undefined;
  }

  /**
   * Reads from another registry from now on, and repeats there what was under way. The old one's connections are closed when its reads
   * have ended.
   *
   * @param registry The new connection.
   */
  async replace(registry: Registry): Promise<void> {
    const old = this.#registry;
    const reads = this.#reads;
    this.#registry = registry;
    this.#reads = new Set();
    await Promise.allSettled(reads);
    await old.close();
  }

  /** Stops the timers and closes the connections. */
  async close(): Promise<void> {
    this.budget.close();
    this.probe.close();
    await this.#registry.close();
  }

  /** One read, and another one when the registry was replaced meanwhile. */
  async #send<T>(work: Work<T>, subject: Subject, signal: AbortSignal): Promise<T> {
    const registry = this.#registry;
    let result: T | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      result = await this.#sendOnce(work, subject, false, signal);
    } catch (error) {
      failure = { error };
      const isDenied = error instanceof PilotedError && error.code === "REGISTRY_DENIED";
      if (isDenied) await abortable(Promise.allSettled([this.#reloading]), signal);
    }
    if (this.#registry !== registry && !signal.aborted) {
      // What the old one said, and its positions, are worth nothing at the new one.
      return await this.#sendOnce(work, { ...subject, waitMs: 0 }, true, signal);
    }
    if (failure !== undefined) throw failure.error;
    return result!;
  }

  /** One read with a deadline, and errors of one kind. */
  async #sendOnce<T>(
    work: Work<T>,
    { name, service, waitMs }: Subject,
    isPlain: boolean,
    signal: AbortSignal,
  ): Promise<T> {
    const { clock, requestTimeoutMs, keepProcessAlive } = this.#options;
    const { source } = this.#registry;
    const reads = this.#reads;
    const timeoutMs = waitMs + waitMs / 16 + requestTimeoutMs;
    // The Promise constructor turns a source that throws at once into one that rejects.
    const read = deadline(
      clock,
      (signal) => new Promise<T>((resolve) => resolve(work(source, signal, isPlain))),
      {
        timeoutMs,
        signal,
        background: !keepProcessAlive,
        error: () =>
          new PilotedError(
            "TIMEOUT",
            `Cannot read ${name}: no response within ${Math.round(timeoutMs)} ms`,
            { service },
          ),
      },
    );
    reads.add(read);
    try {
      return await read;
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof PilotedError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new PilotedError(
        "REGISTRY_UNREACHABLE",
        `Cannot read ${name}: the source ${source.name} failed: ${why}`,
        { cause, service },
      );
    } finally {
      reads.delete(read);
    }
  }
}
