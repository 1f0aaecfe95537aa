/**
 * Waits and iterations over the events of a client.
 *
 * @module
 */
import { checkOptions } from "../check_options.ts";
import { PilotedError } from "../errors.ts";
import { type Change, initialChange } from "../snapshot.ts";
import { abortable, onAbort, sleep } from "../wait.ts";
import type { Engine } from "./engine.ts";
import {
  EVENT_TYPES,
  type PilotedEvent,
  type PilotedEvents,
  type PilotedListener,
} from "./events.ts";
import { iterate } from "./iterate.ts";
import {
  WAIT_RULES,
  type WaitForEndpointsOptions,
  type WaitOptions,
  type WatchServiceOptions,
} from "./wait_options.ts";
import type { WatchedService } from "./watched_service.ts";

/**
 * Waits until a service has an endpoint.
 *
 * @param engine The client's.
 * @param options How long at most.
 * @param find Finds the service, with a list that may be used.
 * @returns Whether there is one: `false` when the time is up.
 * @throws {PilotedError} `CLOSED` when the client is or was closed.
 * @throws The signal's own reason when it aborts.
 */
export async function waitForEndpoints(
  engine: Engine,
  options: WaitForEndpointsOptions,
  find: () => Promise<WatchedService>,
): Promise<boolean> {
  checkOptions("waitForEndpoints()", options, WAIT_RULES.waitForEndpoints);
  const { timeoutMs = Infinity, signal } = options;
  signal?.throwIfAborted();
  const { name, pool } = await find();
  const found = new AbortController();
  const isFound = () => pool.endpoints.length > 0;
  if (isFound() || timeoutMs <= 0) return isFound();
  const stop = [
    engine.events.on("change", ({ service }) => {
      if (service === name && isFound()) found.abort();
    }),
    onAbort(engine.closeSignal, (reason) => found.abort(reason)),
    onAbort(signal, (reason) => found.abort(reason)),
  ];
  try {
    await sleep(engine.options.clock, timeoutMs, { signal: found.signal });
  } catch {
    signal?.throwIfAborted();
    engine.closeSignal.throwIfAborted();
  } finally {
    for (const remove of stop) remove();
  }
  return isFound();
}

/**
 * Waits for the next event of a type.
 *
 * @param engine The client's.
 * @param type Type of event.
 * @param options What ends the wait.
 * @throws {PilotedError} `CLOSED` when the client is or was closed.
 * @throws The signal's own reason when it aborts.
 */
export function nextEvent<T extends keyof PilotedEvents>(
  engine: Engine,
  type: T,
  options: WaitOptions,
): Promise<PilotedEvents[T]> {
  checkOptions("once()", options, WAIT_RULES.events);
  let remove = () => {};
  const event = new Promise<PilotedEvents[T]>((resolve) => {
    remove = engine.events.on(type, resolve as PilotedListener<T>);
  });
  return abortable(abortable(event, options.signal), engine.closeSignal).finally(remove);
}

/**
 * All events, one after the other.
 *
 * @param engine The client's.
 * @param options What ends the iteration.
 */
export function allEvents(
  engine: Engine,
  options: WaitOptions,
): AsyncIterableIterator<PilotedEvent> {
  checkOptions("events()", options, WAIT_RULES.events);
  return iterate<PilotedEvent>((receive, end) => {
    const stop = EVENT_TYPES.map((type) =>
      engine.events.on(type, (detail) => receive({ type, detail } as PilotedEvent))
    );
    stop.push(onAbort(engine.closeSignal, end));
    return () => stop.forEach((remove) => remove());
  }, options.signal);
}

/**
 * Changes of one service, one after the other.
 *
 * @param engine The client's.
 * @param service The service.
 * @param options Whether the current list comes first, and what ends the iteration.
 * @throws {PilotedError} `UNSUPPORTED` with mode `"on-demand"`.
 */
export function serviceChanges(
  engine: Engine,
  { name, pool }: WatchedService,
  options: WatchServiceOptions,
): AsyncIterableIterator<Change> {
  checkOptions("watch()", options, WAIT_RULES.watch);
  if (engine.options.mode === "on-demand") {
    throw new PilotedError(
      "UNSUPPORTED",
      `Cannot watch service ${JSON.stringify(name)}: mode "on-demand" reads only when somebody ` +
        'looks up; use mode "live"',
      { service: name },
    );
  }
  return iterate<Change>((receive, end) => {
    if (options.initial) receive(initialChange(name, pool.endpoints));
    const stop = [
      engine.events.on("change", (change) => {
        if (change.service === name) receive(change);
      }),
      onAbort(engine.closeSignal, end),
    ];
    return () => stop.forEach((remove) => remove());
  }, options.signal);
}
