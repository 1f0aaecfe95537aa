/**
 * Queries that another source has not answered to the end.
 *
 * @module
 */
import { atPort, type Endpoint, namedPort } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { Query, Reading } from "./source.ts";

/**
 * Leaves of a list what a query asks for: a tag, a datacenter, a port by its name.
 *
 * @param reading The whole list.
 * @param query What is asked for.
 */
export function narrowReading(reading: Reading, query: Query): Reading {
  const { tag, datacenter, port, service } = query;
  if (!tag && !datacenter && !port) return reading;
  const wanted = tag?.toLowerCase();
  const matching = reading.endpoints.filter((endpoint) =>
    (!wanted || endpoint.tags.some((each) => each.toLowerCase() === wanted)) &&
    (!datacenter || endpoint.datacenter === datacenter)
  );
  if (!port) return { ...reading, endpoints: matching };
  const endpoints: Endpoint[] = [];
  const skipped = [...reading.skipped];
  let { skippedCount } = reading;
  for (const endpoint of matching) {
    const number = namedPort(endpoint.ports, port);
    if (number !== undefined) {
      endpoints.push(atPort(endpoint, number));
      continue;
    }
    skippedCount++;
    const why = `it has no port ${JSON.stringify(port)}`;
    const message = `Cannot use instance ${endpoint.id} of service ${
      JSON.stringify(service)
    }: ${why}`;
    if (skipped.length < 10) {
      skipped.push(new PilotedError("ENDPOINT_INVALID", message, { service }));
    }
  }
  return { ...reading, endpoints, skipped, skippedCount };
}
