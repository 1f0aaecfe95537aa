/**
 * Consul's summary of all services, decoded.
 *
 * @module
 */

/**
 * Decodes the answer to `/v1/internal/ui/services`, the question behind the list of services in
 * Consul's own user interface. It is not part of the documented API, so whatever is not as expected
 * means that there is no summary.
 *
 * @param entries The parsed list.
 * @returns A text by service that tells instances, nodes, tags and checks apart; `undefined` when
 * the list is not what it was taken for.
 */
export function decodeSummary(
  entries: readonly unknown[],
): ReadonlyMap<string, string> | undefined {
  const services = new Map<string, string>();
  for (const entry of entries) {
    if (typeof entry !== "object" || entry === null) return undefined;
    const { Name: name, ...facts } = entry as Record<string, unknown>;
    if (typeof name !== "string") return undefined;
    // The same service may stand there twice: as itself and as a proxy.
    services.set(name, (services.get(name) ?? "") + JSON.stringify(facts));
  }
  return services;
}
