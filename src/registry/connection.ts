/**
 * The connection of a session: deadlines, one kind of error, and a registry that may be replaced.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import type { Source } from "../source/source.ts";
import { deadline } from "../wait.ts";
import { withLimit } from "./limit_errors.ts";
import { RefusalGrace } from "./refusal_grace.ts";

/** A connection to a registry. */
export interface Registry {
  /** Reads it. */
  readonly source: Source;
  /** Whether reads share connections at present (HTTP/2). */
  multiplexed(): boolean;
  /** Whether a read waits for its connection to open; absent where that is not known. */
  connecting?(): boolean;
  /** Closes its connections. */
  close(): Promise<void>;
  /** Address of the server in use, where there are several; `undefined` before the first read. */
  readonly address?: string | undefined;
}

/** What a read is for. */
export interface Subject {
  readonly name: string;
  readonly service?: string;
  /** Maximum time that the registry may hold it, in milliseconds. */
  readonly waitMs: number;
}

/** Reads a source, without waiting for a change if `isPlain`. */
export type Work<T> = (source: Source, signal: AbortSignal, isPlain: boolean) => Promise<T>;

/** Options of a {@linkcode Connection}. */
export interface ConnectionOptions {
  /** Time. */
  readonly clock: Clock;
  /** Time for a response that the registry need not hold, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Whether timers must keep the process alive. */
  readonly keepProcessAlive: boolean;
  /** Whether a reload may bring another token. @default {false} */
  readonly reload?: boolean;
}

/** The connection of a session. */
export class Connection {
  readonly #options: ConnectionOptions;
  #registry: Registry;
  // Reads under way at the present registry; a replaced one is closed when its own have ended.
  #reads = new Set<Promise<unknown>>();
  readonly #grace: RefusalGrace;

  /** Creates a connection; nothing is read yet. */
  constructor(registry: Registry, options: ConnectionOptions) {
    this.#registry = registry;
    this.#options = options;
    this.#grace = new RefusalGrace(options.clock, !options.keepProcessAlive);
  }

  /** Reads the registry. */
  get source(): Source {
    return this.#registry.source;
  }

  /** Address of the server in use, where there are several. */
  get address(): string | undefined {
    return this.#registry.address;
  }

  /** Whether reads share connections at present (HTTP/2). */
  get multiplexed(): boolean {
    return this.#registry.multiplexed();
  }

  /**
   * Announces that the registry may be replaced. Until then a read that the registry refuses waits,
   * and for a moment also before: the token was perhaps replaced, and the old one destroyed.
   *
   * @param work Ends when the registry has been replaced, or stays.
   */
  reloading(work: Promise<unknown>): Promise<void> {
    return this.#grace.reloading(work);
  }

  /**
   * Reads from another registry from now on, and repeats there what was under way. The old one's
   * connections are closed when its reads have ended.
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

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#registry.close();
  }

  /**
   * One read, and another one when the registry was replaced meanwhile.
   *
   * @param work Reads the source.
   * @param subject What is read, and how long the registry may hold it.
   * @param signal Aborts the read.
   * @returns What the work returns.
   * @throws {PilotedError} `TIMEOUT` at the deadline, else why there is no response.
   * @throws The signal's own reason when it aborts.
   */
  async send<T>(work: Work<T>, subject: Subject, signal: AbortSignal): Promise<T> {
    const registry = this.#registry;
    let result: T | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      result = await this.#sendOnce(work, subject, false, signal);
      this.#grace.succeeded(subject.name);
    } catch (error) {
      failure = { error };
      const isDenied = error instanceof PilotedError && error.code === "REGISTRY_DENIED";
      if (isDenied) await this.#grace.refused(subject.name, this.#options.reload ?? false, signal);
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
    const registry = this.#registry;
    const { source } = registry;
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
            `Cannot read ${name} from ${source.place ?? source.name}: ` +
              nothingWithin(timeoutMs, registry),
            { service },
          ),
      },
    );
    reads.add(read);
    try {
      return await read;
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (cause instanceof PilotedError) throw withLimit(cause);
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

/**
 * What a deadline says.
 *
 * @param timeoutMs Its length, in milliseconds.
 * @param registry The connection that was used.
 * @returns That there was no connection, where that is known, else that there was no response.
 */
export function nothingWithin(timeoutMs: number, registry: Registry): string {
  const what = registry.connecting?.() ? "no connection" : "no response";
  return `${what} within ${Math.round(timeoutMs)} ms`;
}
