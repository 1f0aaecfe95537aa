/**
 * Waiting for the first endpoint of a service.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Events } from "./events.ts";

/**
 * Waits until a service has an endpoint, or until the time is up.
 *
 * @param service Name of the service.
 * @param has Whether it has one now.
 * @param events Tell when its list changes.
 * @param clock Time.
 * @param timeoutMs Milliseconds to wait at most.
 * @param signal Ends the wait early.
 * @throws The signal's own reason when it aborts.
 */
export function waitForEndpoints(
  service: string,
  has: () => boolean,
  events: Events,
  clock: Clock,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    if (has() || timeoutMs <= 0) return resolve();
    const finish = () => {
      timer.cancel();
      stop();
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      finish();
      reject(signal!.reason);
    };
    const timer = clock.start(() => {
      finish();
      resolve();
    }, timeoutMs);
    const stop = events.on("change", (change) => {
      if (change.service !== service || change.endpoints.length === 0) return;
      finish();
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
