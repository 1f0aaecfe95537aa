import type { Endpoint } from "../endpoint.ts";

/** Version of the JSON lines. A new field is no new version; a field that means something else is. */
const VERSION = 1;

/**
 * One line of JSON with the version of its format first.
 *
 * @param facts The other fields; `undefined` ones are left out.
 * @returns The line, with its line break.
 */
export function jsonLine(facts: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ version: VERSION, ...facts })}\n`;
}

/**
 * The fields of an endpoint.
 *
 * @param endpoint The endpoint.
 * @returns Its fields, in a fixed order.
 */
export function endpointFacts(endpoint: Endpoint): Readonly<Record<string, unknown>> {
  const { service, id, address, port, host, ...others } = endpoint;
  return { service, id, address, port, host, ...others };
}
