/**
 * The connections of a server within a limit.
 *
 * A server that accepts until the process has no file left can't answer anybody any more, and Deno's
 * ends the process. So there is a limit below that. At the limit a new connection takes the place of
 * the one that has been idle longest, and if none is idle, of the oldest: whoever holds connections
 * can't keep others out, and clients of event streams reconnect by themselves.
 *
 * @module
 */
import type { ServerLimits } from "./server.ts";

/** One connection. */
export interface Connection {
  /** A request has arrived. */
  begin(): void;
  /** A request was answered. */
  end(): void;
  /** The connection is closed. */
  closed(): void;
}

interface Entry {
  readonly cut: () => void;
  activeCount: number;
  /** When it is closed unless a request arrives. */
  deadline: number;
}

// How exactly timeouts are kept.
const SWEEP_MS = 1_000;

/** Open connections, the longest idle first. */
export class OpenConnections {
  readonly #limits: ServerLimits;
  readonly #now: () => number;
  // Both in the order in which they became what they are.
  readonly #idle = new Set<Entry>();
  readonly #active = new Set<Entry>();
  #requestCount = 0;
  #lastSweep = -Infinity;

  /**
   * Starts without connections.
   *
   * @param limits The limits.
   * @param now A clock in milliseconds. @default {performance.now}
   */
  constructor(limits: ServerLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Number of open connections. */
  get size(): number {
    return this.#idle.size + this.#active.size;
  }

  /** Number of requests that are being answered. */
  get requestCount(): number {
    return this.#requestCount;
  }

  /**
   * Adds a connection, in place of another one when there are too many.
   *
   * @param cut Closes it.
   * @returns To be told what happens to it.
   */
  add(cut: () => void): Connection {
    const excess = this.size - this.#limits.maxConnections + 1;
    if (excess > 0) this.#shed("connections", excess);
    const entry: Entry = { cut, activeCount: 0, deadline: 0 };
    this.#wait(entry, this.#limits.requestTimeoutMs);
    return {
      begin: () => {
        this.#requestCount++;
        if (entry.activeCount++ > 0 || !this.#idle.delete(entry)) return;
        this.#active.add(entry);
      },
      end: () => {
        this.#requestCount--;
        if (--entry.activeCount > 0 || !this.#active.delete(entry)) return;
        this.#wait(entry, this.#limits.keepAliveMs);
      },
      closed: () => this.#remove(entry),
    };
  }

  /** Makes room after the operating system refused a connection, because too many files are open. */
  shed(): void {
    this.#shed("files", Math.ceil(this.size / 10));
  }

  /** Closes connections that have been idle for too long. To be called again and again. */
  sweep(): void {
    const now = this.#now();
    if (now - this.#lastSweep < SWEEP_MS) return;
    this.#lastSweep = now;
    for (const entry of [...this.#idle]) {
      if (entry.deadline <= now) this.#cut(entry);
    }
  }

  /** Closes connections without a request. */
  cutIdle(): void {
    for (const entry of [...this.#idle]) this.#cut(entry);
  }

  /** Closes every connection. */
  cutAll(): void {
    for (const entry of [...this.#idle, ...this.#active]) this.#cut(entry);
  }

  #wait(entry: Entry, ms: number): void {
    entry.deadline = this.#now() + ms;
    this.#idle.add(entry);
  }

  #shed(reason: "connections" | "files", count: number): void {
    let left = count;
    for (const entries of [this.#idle, this.#active]) {
      for (const entry of [...entries].slice(0, left)) {
        this.#cut(entry);
        left--;
      }
    }
    if (count > left) this.#limits.onShed(reason, count - left);
  }

  #cut(entry: Entry): void {
    this.#remove(entry);
    entry.cut();
  }

  #remove(entry: Entry): void {
    this.#idle.delete(entry);
    this.#active.delete(entry);
  }
}
