/**
 * Creates catalog entries from short descriptions, with Consul's defaults.
 *
 * @module
 */
import type {
  CheckEntry,
  CheckStatus,
  Locality,
  NamedPort,
  NodeEntry,
  ServiceEntry,
} from "./catalog_entry.ts";

/** A check of a service to register. */
export interface EmbeddedCheck {
  /** Id, unique on the node. @default {"service:<service id>"}, numbered if there are several */
  id?: string | undefined;
  /** Name for people. @default {"Service '<name>' check"} */
  name?: string | undefined;
  /** Initial state. @default {"critical"}, as in Consul until the first report */
  status?: CheckStatus | undefined;
  /** Note for people. */
  notes?: string | undefined;
  /** Output of the check. */
  output?: string | undefined;
  /** Milliseconds without a report after which the check becomes critical. @default {never} */
  ttlMs?: number | undefined;
  /** Milliseconds in state critical after which the service is removed; at least a minute. */
  deregisterAfterMs?: number | undefined;
}

/** Where an instance or a node runs. */
export interface EmbeddedLocality {
  /** Region. @default {""} */
  readonly region?: string | undefined;
  /** Zone in the region. @default {""} */
  readonly zone?: string | undefined;
}

/** An instance of a service to register. */
export interface EmbeddedService {
  /** Name of the service. */
  name: string;
  /** Id, unique on its node. Needed if several instances share a name. @default {name} */
  id?: string | undefined;
  /** Address. If empty, clients use the node's address. @default {""} */
  address?: string | undefined;
  /** TCP port. @default {0} */
  port?: number | undefined;
  /**
   * Ports by name instead of `port`; the first is the default one. How they appear depends on the
   * version: not at all before 1.22, which leaves `Port: 0`.
   */
  ports?: Readonly<Record<string, number>> | undefined;
  /** Path of a unix socket, for services without a port. From version 1.15. */
  socketPath?: string | undefined;
  /** Where the instance runs. From version 1.22. */
  locality?: EmbeddedLocality | undefined;
  /** Where its node runs, if it is not the agent's own. From version 1.22. */
  nodeLocality?: EmbeddedLocality | undefined;
  /** Name of the peer that it is imported from: it is listed with `?peer=` only. From version 1.15. */
  peer?: string | undefined;
  /** Its namespace, with the option `enterprise`. @default {"default"} */
  namespace?: string | undefined;
  /** The admin partition of its node, with the option `enterprise`. @default {"default"} */
  partition?: string | undefined;
  /** Name of the sameness group that lists it with `?sg=`, with the option `enterprise`. */
  samenessGroup?: string | undefined;
  /** Tags. @default {[]} */
  tags?: readonly string[] | undefined;
  /** Metadata. */
  meta?: Readonly<Record<string, string>> | undefined;
  /** Weights by state. @default {{ passing: 1, warning: 1 }} */
  weights?: { readonly passing: number; readonly warning: number } | undefined;
  /** Whether other agents may change the tags in the catalog. @default {false} */
  enableTagOverride?: boolean | undefined;
  /** Addresses by network, such as `lan` and `wan`. */
  taggedAddresses?: Readonly<Record<string, { Address: string; Port: number }>> | undefined;
  /** Creates a check with this state. Without this and `checks` it has none, and is passing. */
  status?: CheckStatus | undefined;
  /** Checks. */
  checks?: readonly EmbeddedCheck[] | undefined;
  /** Name of the node that it runs on. @default {the agent's own; `<peer>-node` for imports} */
  node?: string | undefined;
  /** Address of that node, if it is not the agent's own. @default {"127.0.0.1"} */
  nodeAddress?: string | undefined;
}

/** A check with its TTL, ready to be registered with an agent. */
export interface CheckDefinition {
  readonly entry: CheckEntry;
  /** Milliseconds without a report after which it becomes critical; `undefined` without a TTL. */
  readonly ttlMs?: number | undefined;
  /** Milliseconds in state critical after which the service is removed. */
  readonly deregisterAfterMs?: number | undefined;
}

/**
 * Creates the entry of an instance.
 *
 * @param service Description of the instance.
 * @returns The entry with Consul's defaults.
 */
export function serviceEntry(service: EmbeddedService): ServiceEntry {
  const { name, id = name, address = "", port = 0, weights } = service;
  if (service.ports !== undefined && service.port) {
    throw new RangeError(
      `Cannot register ${JSON.stringify(name)}: port and ports exclude each other`,
    );
  }
  return {
    id,
    name,
    address,
    port,
    ports: namedPorts(service.ports ?? {}),
    socketPath: service.socketPath ?? "",
    locality: localityOf(service.locality),
    namespace: service.namespace ?? "default",
    samenessGroup: service.samenessGroup ?? "",
    tags: [...service.tags ?? []],
    meta: service.meta === undefined ? null : { ...service.meta },
    weights: { passing: weights?.passing ?? 1, warning: weights?.warning ?? 1 },
    enableTagOverride: service.enableTagOverride ?? false,
    taggedAddresses: { ...service.taggedAddresses },
  };
}

function namedPorts(ports: Readonly<Record<string, number>>): NamedPort[] {
  return Object.entries(ports).map(([Name, Port], index) => ({ Name, Port, Default: index === 0 }));
}

function localityOf(given: EmbeddedLocality | undefined): Locality | null {
  return given === undefined ? null : { Region: given.region ?? "", Zone: given.zone ?? "" };
}

/**
 * Returns the default port of a service with several.
 *
 * @param ports Its ports.
 * @returns The one that is marked, else the first; 0 if there is none.
 */
export function defaultPort(ports: readonly NamedPort[]): number {
  return (ports.find((port) => port.Default) ?? ports[0])?.Port ?? 0;
}

/**
 * Adds a service's own address to its tagged addresses, as an agent does: under the names of its IP
 * version, and not for host names.
 *
 * @param service The entry.
 * @returns The entry with these addresses.
 */
export function withOwnAddresses(service: ServiceEntry): ServiceEntry {
  const { address, port } = service;
  const family = /^\d+(\.\d+){3}$/.test(address) ? "ipv4" : address.includes(":") ? "ipv6" : "";
  if (family === "") return service;
  const value = { Address: address, Port: port };
  const own = { [`lan_${family}`]: value, [`wan_${family}`]: value };
  return { ...service, taggedAddresses: { ...own, ...service.taggedAddresses } };
}

/**
 * Creates the definitions of all checks of an instance.
 *
 * @param service The instance.
 * @param checks Descriptions of its checks.
 * @returns The definitions with Consul's defaults.
 */
export function serviceChecks(
  service: ServiceEntry,
  checks: readonly EmbeddedCheck[],
): CheckDefinition[] {
  return checks.map((check, index) => {
    const numbered = checks.length > 1 ? `:${index + 1}` : "";
    const { ttlMs, deregisterAfterMs } = check;
    const entry: CheckEntry = {
      id: check.id || `service:${service.id}${numbered}`,
      name: check.name || `Service '${service.name}' check`,
      status: check.status ?? "critical",
      notes: check.notes ?? "",
      output: check.output ?? "",
      serviceId: service.id,
      type: ttlMs === undefined ? "" : "ttl",
    };
    return { entry, ttlMs, deregisterAfterMs };
  });
}

/**
 * Creates the check that represents Consul's maintenance mode.
 *
 * @param serviceId Id of the service, `""` for the whole node.
 * @param reason Reason, for people.
 * @returns The entry.
 */
export function maintenanceCheck(serviceId: string, reason: string): CheckEntry {
  const kind = serviceId === "" ? "Node" : "Service";
  return {
    id: serviceId === "" ? "_node_maintenance" : `_service_maintenance:${serviceId}`,
    name: `${kind} Maintenance Mode`,
    status: "critical",
    notes: reason || `Maintenance mode is enabled for this ${kind.toLowerCase()}, ` +
        "but no reason was provided. This is a default message.",
    output: "",
    serviceId,
    type: "maintenance",
  };
}

/**
 * Creates the entry of a node.
 *
 * @param facts What is known of it.
 * @returns The entry; without further facts that of a node without an agent.
 */
export function nodeEntry(
  facts: Partial<NodeEntry> & Pick<NodeEntry, "name" | "address">,
): NodeEntry {
  return {
    id: facts.id ?? "",
    name: facts.name,
    address: facts.address,
    peer: facts.peer ?? "",
    partition: facts.partition ?? "default",
    locality: facts.locality ?? null,
    taggedAddresses: facts.taggedAddresses ?? null,
    meta: facts.meta ?? null,
  };
}

/**
 * Creates the entry of the agent's own node.
 *
 * @param name Its name.
 * @param id Its id, a UUID.
 * @param address Its address.
 * @param meta Its metadata.
 * @returns The entry as an agent writes it.
 */
export function agentNodeEntry(
  name: string,
  id: string,
  address: string,
  meta: Readonly<Record<string, string>>,
): NodeEntry {
  const names = ["lan", "lan_ipv4", "wan", "wan_ipv4"];
  const taggedAddresses = Object.fromEntries(names.map((key) => [key, address]));
  return nodeEntry({ id, name, address, taggedAddresses, meta });
}

/**
 * Creates the entry of the node of an instance that is not on the agent's own node.
 *
 * @param service Description of the instance.
 * @param name Name of the node.
 * @returns The entry as `/v1/catalog/register` writes it.
 */
export function externalNodeEntry(service: EmbeddedService, name: string): NodeEntry {
  return nodeEntry({
    name,
    address: service.nodeAddress ?? "127.0.0.1",
    peer: service.peer ?? "",
    partition: service.partition ?? "default",
    locality: localityOf(service.nodeLocality),
  });
}

/**
 * Removes the indexes of a row, so that it can be written again.
 *
 * @param row The row.
 * @returns The entry.
 */
export function withoutIndexes<T extends object>(
  row: T & { readonly createIndex: bigint; readonly modifyIndex: bigint },
): T {
  const { createIndex: _created, modifyIndex: _modified, ...entry } = row;
  return entry as unknown as T;
}
