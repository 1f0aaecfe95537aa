/**
 * Events, and listeners that can do no harm.
 *
 * @module
 */
import type { PoolEvent } from "../balance/pool_event.ts";
import type { ConfigWarning } from "../config/config.ts";
import { checkOptions, SIGNAL } from "../check_options.ts";
import { PilotedError } from "../errors.ts";
import type { Change } from "../snapshot.ts";
import type { RegistrationStatus } from "../registration_status.ts";
import { onAbort } from "../wait.ts";
import type { ServiceStatus } from "../watch/status.ts";

/** A refresh that was started by a signal or by `refresh()` has ended. */
export interface RefreshEvent {
  /** Services that were read. */
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

/** What listeners receive, by type of event. */
export interface PilotedEvents {
  /** A refresh has ended. */
  refresh: RefreshEvent;
  /** The list of a service changed. */
  change: Change;
  /** A watch of a service changed its state; the event is what `status(name)` returns. */
  status: ServiceStatus;
  /** A balancer's own decision about an endpoint. */
  balance: BalanceEvent;
  /** State or health of a registration of this process changed. */
  registration: RegistrationStatus;
  /** Something in the configuration was accepted and probably not meant. */
  warning: ConfigWarning;
  /** Something failed and was handled; `error.service` names the service where there is one. */
  error: PilotedError;
}

/** Any event: `type` says which, `detail` is what a listener of that type receives. */
export type PilotedEvent = {
  [Type in keyof PilotedEvents]: { readonly type: Type; readonly detail: PilotedEvents[Type] };
}[keyof PilotedEvents];

/** Receives events of one type. */
export type PilotedListener<T extends keyof PilotedEvents> = (event: PilotedEvents[T]) => void;

/** Every type of event. */
export const EVENT_TYPES: readonly (keyof PilotedEvents)[] = [
  "refresh",
  "change",
  "status",
  "balance",
  "registration",
  "warning",
  "error",
];

type AnyListener = (event: never) => void;

/** Listeners by type. One that throws is reported as an `error` and disturbs no other. */
export class Events {
  readonly #listeners = new Map<keyof PilotedEvents, Set<{ readonly call: AnyListener }>>();

  /**
   * Adds a listener.
   *
   * @param type Type of event.
   * @param listener Called in the order of adding; what it returns is ignored.
   * @param options `signal` removes it when it aborts.
   * @returns Removes it.
   * @throws {TypeError} when the type is unknown or the listener is not a function.
   */
  on<T extends keyof PilotedEvents>(
    type: T,
    listener: PilotedListener<T>,
    options: { signal?: AbortSignal | undefined } = {},
  ): () => void {
    if (!EVENT_TYPES.includes(type)) {
      throw new TypeError(
        `Cannot listen: the type must be ${EVENT_TYPES.join(", ")}, received ${String(type)}`,
      );
    }
    if (typeof listener !== "function") {
      throw new TypeError(
        `Cannot listen: the listener must be a function, received ${typeof listener}`,
      );
    }
    checkOptions("on()", options, { signal: SIGNAL });
    const { signal } = options;
    if (signal?.aborted) return () => {};
    const entry = { call: listener as AnyListener };
    let entries = this.#listeners.get(type);
    if (entries === undefined) this.#listeners.set(type, entries = new Set());
    entries.add(entry);
    const removeAbort = onAbort(signal, () => entries.delete(entry));
    return () => {
      removeAbort();
      entries.delete(entry);
    };
  }

  /** Calls every listener of that type. Never throws. */
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
    // There is nobody left to report a failing error listener to.
    if (type === "error") return;
    this.emit(
      "error",
      new PilotedError("LISTENER_FAILED", `Cannot finish a "${type}" listener: it threw`, {
        cause,
      }),
    );
  }
}
