import type { Piloted } from "../client/piloted.ts";
import type { Endpoint } from "../endpoint.ts";
import type { EventBus } from "./events.ts";

/**
 * Publishes the changes of watched services as ContainerPilot does: `changed` of `watch.NAME` when
 * the set of ids, addresses and ports differs, then `healthy` or `unhealthy`. The first list is a
 * change unless it is empty. Tags, weights and states that leave the set as it is are no change.
 *
 * @param piloted The client.
 * @param bus Where to.
 * @param known The list of each service that was published before, which is kept up to date.
 * @returns Stops it.
 */
export function publishWatches(
  piloted: Pick<Piloted, "on" | "services" | "serviceHosts">,
  bus: EventBus,
  known: Map<string, string> = new Map(),
): () => void {
  const check = (name: string, endpoints: readonly Endpoint[]) => {
    const now = endpointSet(endpoints);
    if ((known.get(name) ?? "") === now) return;
    known.set(name, now);
    bus.publish("changed", `watch.${name}`);
    bus.publish(endpoints.length > 0 ? "healthy" : "unhealthy", `watch.${name}`);
  };
  for (const name of piloted.services) check(name, piloted.serviceHosts(name));
  return piloted.on("change", ({ service, endpoints }) => check(service, endpoints));
}

/**
 * The part of a list that counts as a change.
 *
 * @param endpoints The list.
 * @returns Ids, addresses and ports in a fixed order; `""` for an empty list.
 */
export function endpointSet(endpoints: readonly Endpoint[]): string {
  if (endpoints.length === 0) return "";
  return JSON.stringify(
    endpoints.map(({ id, address, port }) => [id, address, port].join("\n")).sort(),
  );
}
