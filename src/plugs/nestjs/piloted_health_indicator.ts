/**
 * Readiness for `@nestjs/terminus`.
 *
 * @module
 */
import type { Piloted } from "../../client/piloted.ts";
import type { PilotedStatus, WatchStateName } from "../../watch/status.ts";

/** What `health.check()` of terminus takes: the indicator's key with its status and details. */
export type PilotedHealthResult<Key extends string> = Record<Key, {
  /** `down` fails the check. */
  readonly status: "up" | "down";
  /** State of the client. */
  readonly state: PilotedStatus["state"];
  /** Services that have no list yet, or no endpoint, with the reason. */
  readonly missing?: Readonly<
    Record<string, { readonly state: WatchStateName; readonly reason: string }>
  >;
}>;

/**
 * Says whether lookups can be answered. A service whose list is old because Consul is away is `up`:
 * taking the application out of rotation would not bring Consul back.
 */
export class PilotedHealthIndicator {
  readonly #piloted: Piloted;

  /**
   * Creates an indicator.
   *
   * @param piloted The client.
   */
  constructor(piloted: Piloted) {
    this.#piloted = piloted;
  }

  /**
   * Checks that services have a list, and an endpoint where named.
   *
   * @param key Key of the result. @default {"piloted"}
   * @param services Names of services that must have an endpoint; the others need a list only, which
   * may be empty. @default {none}
   * @returns The result for `health.check([() => piloted.isHealthy()])`.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when a name is not watched.
   */
  isHealthy<Key extends string = "piloted">(
    key: Key = "piloted" as Key,
    services: readonly string[] = [],
  ): PilotedHealthResult<Key> {
    for (const name of services) this.#piloted.status(name);
    const { state, services: all } = this.#piloted.status();
    const needed = new Set(services.map((name) => name.toLowerCase()));
    const missing = all.filter(({ service, ageMs, endpointCount }) =>
      ageMs === undefined || (endpointCount === 0 && needed.has(service.toLowerCase()))
    );
    const isUp = state !== "closed" && missing.length === 0;
    return {
      [key]: {
        status: isUp ? "up" : "down",
        state,
        ...missing.length > 0 && {
          missing: Object.fromEntries(missing.map(({ service, state, reason }) => [
            service,
            { state, reason: reason ?? "no endpoint is listed" },
          ])),
        },
      },
    } as PilotedHealthResult<Key>;
  }
}
