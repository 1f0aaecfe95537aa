/**
 * Changes of one service, as an async iterable.
 *
 * @module
 */
import type { EndpointPool } from "../balance/endpoint_pool.ts";
import { PilotedError } from "../errors.ts";
import type { Change } from "../snapshot.ts";
import { onAbort } from "../wait.ts";
import type { Engine } from "./engine.ts";
import { iterate } from "./iterate.ts";
import type { WatchServiceOptions } from "./options.ts";

/**
 * Changes of one service, one after the other.
 *
 * @param name Name of the service.
 * @param pool Its endpoints.
 * @param engine What reports changes.
 * @param options What comes first, and what ends it.
 * @returns An async iterable that ends with the client.
 * @throws {PilotedError} `UNSUPPORTED` with mode `"on-demand"`.
 */
export function watchChanges(
  name: string,
  pool: EndpointPool,
  engine: Pick<Engine, "closeSignal" | "events" | "options">,
  options: WatchServiceOptions,
): AsyncIterableIterator<Change> {
  const { closeSignal, events } = engine;
  if (engine.options.mode === "on-demand") {
    throw new PilotedError(
      "UNSUPPORTED",
      `Cannot watch service ${JSON.stringify(name)}: mode "on-demand" reads only when somebody ` +
        'looks up; use mode "live"',
      { service: name },
    );
  }
  return iterate<Change>((receive, end) => {
    if (options.initial) {
      const { endpoints } = pool;
      const none = Object.freeze([]);
      receive(
        Object.freeze({ service: name, added: endpoints, removed: none, changed: none, endpoints }),
      );
    }
    const stop = [
      events.on("change", (change) => {
        if (change.service === name) receive(change);
      }),
      onAbort(closeSignal, end),
    ];
    return () => stop.forEach((remove) => remove());
  }, options.signal);
}
