/**
 * Creates catalog entries from short descriptions, with Consul's defaults.
 *
 * @module
 */
import type { CheckEntry, CheckStatus, NodeEntry, ServiceEntry } from "./catalog_entry.ts";

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
  /** Name of the node that it runs on. @default {the agent's own node} */
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
  return {
    id,
    name,
    address,
    port,
    tags: [...service.tags ?? []],
    meta: service.meta === undefined ? null : { ...service.meta },
    weights: { passing: weights?.passing ?? 1, warning: weights?.warning ?? 1 },
    enableTagOverride: service.enableTagOverride ?? false,
    taggedAddresses: { ...service.taggedAddresses },
  };
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
 * Creates the entry of the agent's own node.
 *
 * @param name Its name.
 * @param id Its id, a UUID.
 * @param address Its address.
 * @returns The entry as an agent writes it.
 */
export function agentNodeEntry(name: string, id: string, address: string): NodeEntry {
  const names = ["lan", "lan_ipv4", "wan", "wan_ipv4"];
  return {
    id,
    name,
    address,
    taggedAddresses: Object.fromEntries(names.map((key) => [key, address])),
    meta: { "consul-network-segment": "" },
  };
}

/**
 * Creates the entry of a node without an agent.
 *
 * @param name Its name.
 * @param address Its address.
 * @returns The entry as `/v1/catalog/register` writes it.
 */
export function externalNodeEntry(name: string, address: string): NodeEntry {
  return { id: "", name, address, taggedAddresses: null, meta: null };
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
