/**
 * Waiting until a service has an endpoint.
 *
 * @module
 */
import type { EndpointPool } from "../balance/endpoint_pool.ts";
import { onAbort, sleep } from "../wait.ts";
import type { Engine } from "./engine.ts";
import type { WaitForEndpointsOptions } from "./options.ts";

/**
 * Waits until a service has an endpoint.
 *
 * @param name Name of the service.
 * @param pool Its endpoints.
 * @param engine What reports changes.
 * @param options How long at most.
 * @returns Whether there is one: `false` when the time is up.
 * @throws {PilotedError} `CLOSED`, or the signal's own reason when it aborts.
 */
export async function waitForEndpoints(
  name: string,
  pool: EndpointPool,
  engine: Pick<Engine, "closeSignal" | "events" | "options">,
  options: WaitForEndpointsOptions,
): Promise<boolean> {
  const { timeoutMs = Infinity, signal } = options;
  const { closeSignal, events } = engine;
  const found = new AbortController();
  const isFound = () => pool.endpoints.length > 0;
  if (isFound() || timeoutMs <= 0) return isFound();
  const stop = [
    events.on("change", ({ service }) => {
      if (service === name && isFound()) found.abort();
    }),
    onAbort(closeSignal, (reason) => found.abort(reason)),
    onAbort(signal, (reason) => found.abort(reason)),
  ];
  try {
    await sleep(engine.options.clock, timeoutMs, { signal: found.signal });
  } catch {
    signal?.throwIfAborted();
    closeSignal.throwIfAborted();
  } finally {
    for (const remove of stop) remove();
  }
  return isFound();
}
