/**
 * Consul's summary of all services, decoded.
 *
 * @module
 */
import { inSlices } from "./in_slices.ts";

/**
 * Decodes the response of `/v1/internal/ui/services`, which the list of services in Consul's own
 * user interface is made of. It is not part of the documented API, so anything unexpected means
 * that there is no summary. Does not block the event loop when the list is long.
 *
 * @param entries The parsed list.
 * @param signal Ends the decoding.
 * @returns A text by service that differs when its instances, nodes, tags or checks do; `undefined`
 * when the list has entries of another kind.
 * @throws The signal's own reason when it aborts.
 */
export async function decodeSummary(
  entries: readonly unknown[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string> | undefined> {
  const services = new Map<string, string>();
  const odd = await inSlices(entries, (entry) => add(services, entry), signal);
  return odd === undefined ? services : undefined;
}

// Returns the entry when it is not of the expected kind.
function add(services: Map<string, string>, entry: unknown): { odd: unknown } | undefined {
  if (typeof entry !== "object" || entry === null) return { odd: entry };
  const { Name: name, ...facts } = entry as Record<string, unknown>;
  if (typeof name !== "string") return { odd: entry };
  // The same service may be listed twice: as itself and as a proxy.
  services.set(name, (services.get(name) ?? "") + JSON.stringify(facts));
  return undefined;
}
