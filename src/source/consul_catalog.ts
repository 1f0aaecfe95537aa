/**
 * Consul's list of services, decoded.
 *
 * @module
 */
import { isRecord } from "./consul_place.ts";

/**
 * Decodes the response of `/v1/catalog/services`: an object with a list of tags for each name.
 *
 * @param body The parsed response.
 * @returns Tags by service; `undefined` when the response is something else.
 */
export function decodeCatalog(
  body: unknown,
): ReadonlyMap<string, readonly string[]> | undefined {
  if (!isRecord(body)) return undefined;
  const services = new Map<string, readonly string[]>();
  for (const [name, tags] of Object.entries(body)) {
    const list = tags ?? [];
    if (!Array.isArray(list) || !list.every((tag) => typeof tag === "string")) return undefined;
    if (name !== "") services.set(name, list);
  }
  return services;
}
