/**
 * Which part of a catalog a read is about: a peer, a namespace, a partition or a sameness group.
 *
 * @module
 */
import type { Catalog } from "./catalog.ts";
import type { Instance, NodeRow, ServiceRow } from "./catalog_entry.ts";
import { type ConsulContext, type ConsulState, paramsOf } from "./consul_context.ts";
import { Refusal } from "./refusal.ts";

/** The part of a catalog that a read is about. */
export interface ReadScope {
  /** Name of the peer, `""` for the cluster itself. */
  readonly peer: string;
  /**
   * Returns the instances of a service.
   *
   * @param catalog Catalog of the datacenter.
   * @param name Name of the service, in any case.
   */
  instances(catalog: Catalog, name: string): readonly Instance[];
  /**
   * Returns the index of a service.
   *
   * @param catalog Catalog of the datacenter.
   * @param name Name of the service, in any case.
   * @param health Whether changes of checks count.
   */
  index(catalog: Catalog, name: string, health: boolean): bigint;
  /**
   * Returns whether an instance belongs to the namespace and the partition.
   *
   * @param service The instance.
   * @param node Its node.
   */
  contains(service: ServiceRow, node: NodeRow): boolean;
}

/**
 * Reads the parameters `peer`, `ns`, `partition` and `sg`.
 *
 * @param context The request.
 * @param state State with the version.
 * @returns The scope. Names are compared without regard to case.
 * @throws {Refusal} 400 when the parameter needs Consul Enterprise.
 */
export function readScope(context: ConsulContext, state: ConsulState): ReadScope {
  mayNameTenants(context, state);
  const params = paramsOf(context);
  const { profile, enterprise } = state;
  const text = (name: string) => (params.get(name) ?? "").toLowerCase();
  const peer = profile.peering ? text("peer") : "";
  const group = enterprise && profile.locality ? text("sg") : "";
  const namespace = text("ns") || context.req.header("X-Consul-Namespace")?.toLowerCase() ||
    "default";
  const partition = text("partition") || "default";
  const contains: ReadScope["contains"] = (service, node) =>
    !enterprise || group !== "" ||
    namespace === "*" && node.partition.toLowerCase() === partition ||
    service.namespace.toLowerCase() === namespace && node.partition.toLowerCase() === partition;
  const peers = (catalog: Catalog) => group === "" ? [peer] : peersOf(catalog);
  return {
    peer,
    contains,
    instances: (catalog, name) =>
      peers(catalog).flatMap((peer) => catalog.instances(name, peer))
        .filter(({ service, node }) =>
          contains(service, node) &&
          (group === "" || service.samenessGroup.toLowerCase() === group)
        ),
    index: (catalog, name, health) =>
      peers(catalog).map((peer) => catalog.serviceIndex(name, health, peer))
        .reduce((a, b) => a > b ? a : b),
  };
}

/**
 * Returns the names of all peers that a catalog has nodes of.
 *
 * @param catalog The catalog.
 * @returns The names in lower case, with `""` for the cluster itself first.
 */
export function peersOf(catalog: Catalog): readonly string[] {
  return [...new Set(["", ...catalog.nodes.map(({ peer }) => peer.toLowerCase())])];
}

/**
 * Rejects the parameters of Consul Enterprise unless the option `enterprise` is set.
 *
 * @param context The request.
 * @param state State with the version.
 * @throws {Refusal} 400, with the text of `agent/http_ce.go`; Consul 1.8 has no partitions yet.
 */
export function mayNameTenants(context: ConsulContext, state: ConsulState): void {
  const { enterprise, profile } = state;
  if (enterprise) return;
  const params = paramsOf(context);
  const partitions = profile.unknownIds;
  const features: [string, string, boolean][] = [
    ["ns", "Namespaces", true],
    ["partition", "Partitions", partitions],
    ["sg", "Sameness groups", profile.locality],
  ];
  const prefix = profile.unknownIds ? "" : "Bad request: ";
  const refuse = (what: string, feature: string) => {
    const why = `Invalid ${what} - ${feature} are a Consul Enterprise feature`;
    throw new Refusal(400, `${prefix}${why}`);
  };
  if (context.req.header("X-Consul-Namespace")) {
    refuse('header: "X-Consul-Namespace"', "Namespaces");
  }
  if (partitions && context.req.header("X-Consul-Partition")) {
    refuse('header: "X-Consul-Partition"', "Partitions");
  }
  for (const [name, feature, known] of features) {
    if (known && params.get(name)) refuse(`query parameter: "${name}"`, feature);
  }
}
