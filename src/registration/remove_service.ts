/**
 * The last request of a registration.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import { sleep } from "../wait.ts";
import type { AgentServer } from "./agent_access.ts";
import type { AgentClient } from "./agent_client.ts";
import type { Place } from "./agent_requests.ts";

const TIME_MS = 1_000;
const PAUSE_MS = 100;

/** Options of {@linkcode removeService}. */
export interface RemoveServiceOptions {
  /** Time. */
  readonly clock: Clock;
  /** Whether timers must not keep the process alive. */
  readonly background: boolean;
  /** Where the service belongs. */
  readonly place: Place;
  /** The agent that it is removed from. @default {the one in use} */
  readonly server?: AgentServer | undefined;
  /** How often it is removed: more than once where several agents may have it. */
  readonly times: number;
  /** Called when it could not be removed. */
  readonly failed: (error: PilotedError) => void;
}

/**
 * Deregisters a service, within a second: an agent that is away is not waited for, the process has
 * to end.
 *
 * @param client The agent.
 * @param id Id of the service.
 * @param options How.
 */
export async function removeService(
  client: AgentClient,
  id: string,
  { clock, background, place, server, times, failed }: RemoveServiceOptions,
): Promise<void> {
  const endAt = clock.now() + TIME_MS;
  let left = times;
  for (let pauseMs = PAUSE_MS;; pauseMs *= 2) {
    try {
      while (left > 0) {
        const timeoutMs = Math.max(1, endAt - clock.now());
        await client.deregister(id, { place, server, timeoutMs });
        left--;
      }
      return;
    } catch (error) {
      const isFinal = error instanceof PilotedError && error.code === "REGISTRY_DENIED";
      if (isFinal || clock.now() + pauseMs >= endAt) {
        return failed(error instanceof PilotedError ? error : unexpected(id, error));
      }
      await sleep(clock, pauseMs, { background });
    }
  }
}

function unexpected(id: string, cause: unknown): PilotedError {
  const message = `Cannot deregister service instance ${JSON.stringify(id)}: ${String(cause)}`;
  return new PilotedError("REGISTRY_UNREACHABLE", message, { cause });
}
