/**
 * Telling listeners what happened, such that no listener can do harm.
 *
 * @module
 */
import type { PoolEvent } from "../balance/pool_event.ts";
import { PilotedError } from "../errors.ts";
import type { Change } from "../snapshot.ts";
import type { ServiceStatus } from "../watch/status.ts";

/** A refresh that was asked for, by a signal or by `refresh()`, has ended. */
export interface RefreshEvent {
  /** Services that were asked for. */
  readonly services: readonly string[];
  /** Services among them that could not be read and keep their last good list. */
  readonly failed: readonly string[];
  /** How long it took in milliseconds. */
  readonly durationMs: number;
}

/** An endpoint of a service was ejected or readmitted, or so few are left that ejections are ignored. */
export type BalanceEvent = PoolEvent & {
  /** Name of the service. */
  readonly service: string;
};

/** What each kind of listener receives. */
export interface PilotedEvents {
  /** Every completed refresh. */
  refresh: RefreshEvent;
  /** The content of one service's list changed. */
  change: Change;
  /** A watch of a service went from one state to another; the event is what `status(name)` returns. */
  status: ServiceStatus;
  /** A balancer's own decision about an endpoint. */
  balance: BalanceEvent;
  /** Something failed and was dealt with; `error.service` names the service where there is one. */
  error: PilotedError;
}

/** Receives events of one type. */
export type PilotedListener<T extends keyof PilotedEvents> = (event: PilotedEvents[T]) => void;

type AnyListener = (event: never) => void;

/** Listeners by type. One that throws is reported as an `error` and disturbs no other. */
export class Events {
  readonly #listeners = new Map<keyof PilotedEvents, Set<{ call: AnyListener }>>();

  /**
   * Adds a listener.
   *
   * @param type Kind of event.
   * @param listener Called in the order of adding; what it returns is ignored.
   * @param options `signal` takes it away when it aborts.
   * @returns Takes it away.
   * @throws {TypeError} when the type is unknown or the listener is not a function.
   */
  on<T extends keyof PilotedEvents>(
    type: T,
    listener: PilotedListener<T>,
    options: { signal?: AbortSignal } = {},
  ): () => void {
    if (!["refresh", "change", "status", "balance", "error"].includes(type)) {
      throw new TypeError(
        `Cannot listen: type must be refresh, change, status, balance or error, received ${
          String(type)
        }`,
      );
    }
    if (typeof listener !== "function") {
      throw new TypeError(
        `Cannot listen: listener must be a function, received ${typeof listener}`,
      );
    }
    const { signal } = options;
    if (signal?.aborted) return () => {};
    const entry = { call: listener as AnyListener };
    let entries = this.#listeners.get(type);
    if (entries === undefined) this.#listeners.set(type, entries = new Set());
    entries.add(entry);
    const remove = () => {
      signal?.removeEventListener("abort", remove);
      entries.delete(entry);
    };
    signal?.addEventListener("abort", remove, { once: true });
    return remove;
  }

  /** Tells every listener of that type. Never throws. */
  emit<T extends keyof PilotedEvents>(type: T, event: PilotedEvents[T]): void {
    const entries = this.#listeners.get(type);
    if (entries === undefined) return;
    for (const entry of [...entries]) {
      try {
        const result: unknown = (entry.call as (event: PilotedEvents[T]) => unknown)(event);
        if (result instanceof Promise) result.catch((cause) => this.#failed(type, cause));
      } catch (cause) {
        this.#failed(type, cause);
      }
    }
  }

  #failed(type: keyof PilotedEvents, cause: unknown): void {
    // A failing error listener has nobody left to be told.
    if (type === "error") return;
    this.emit(
      "error",
      new PilotedError("LISTENER_FAILED", `Cannot finish a "${type}" listener: it threw`, {
        cause,
      }),
    );
  }
}
