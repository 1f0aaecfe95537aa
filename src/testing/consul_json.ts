/**
 * Consul's JSON format for the content of the catalog.
 *
 * @module
 */
import type { CheckEntry, Indexed, Instance, NodeRow, ServiceEntry } from "./catalog_entry.ts";

type Json = Readonly<Record<string, unknown>>;

// Every service has these two fields of Consul Connect, which is not supported here.
const NO_PROXY = { MeshGateway: {}, Expose: {} };

// These are JSON numbers, so an index above 2^53 is exact only in the X-Consul-Index header.
function indexes(row: Indexed): Json {
  return { CreateIndex: Number(row.createIndex), ModifyIndex: Number(row.modifyIndex) };
}

function taggedAddresses(service: ServiceEntry, key: string): Json {
  const given = Object.keys(service.taggedAddresses).length > 0;
  return given ? { [key]: service.taggedAddresses } : {};
}

function weights(service: ServiceEntry): Json {
  return { Passing: service.weights.passing, Warning: service.weights.warning };
}

/**
 * Returns an entry of `/v1/health/service/:name`.
 *
 * @param instance The instance.
 * @param datacenter Its datacenter.
 * @returns The object to encode.
 */
export function healthJson({ node, service, checks }: Instance, datacenter: string): Json {
  return {
    Node: {
      ID: node.id,
      Node: node.name,
      Address: node.address,
      Datacenter: datacenter,
      TaggedAddresses: node.taggedAddresses,
      Meta: node.meta,
      ...indexes(node),
    },
    Service: {
      ID: service.id,
      Service: service.name,
      Tags: service.tags,
      Address: service.address,
      ...taggedAddresses(service, "TaggedAddresses"),
      Meta: service.meta,
      Port: service.port,
      Weights: weights(service),
      EnableTagOverride: service.enableTagOverride,
      Proxy: NO_PROXY,
      Connect: {},
      ...indexes(service),
    },
    Checks: checks.map((check) => ({
      ...checkJson(check, node, check.serviceId === "" ? undefined : service),
      ...indexes(check),
    })),
  };
}

/**
 * Returns an entry of `/v1/catalog/service/:name`.
 *
 * @param instance The instance.
 * @param datacenter Its datacenter.
 * @returns The object to encode.
 */
export function catalogJson({ node, service }: Instance, datacenter: string): Json {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: datacenter,
    TaggedAddresses: node.taggedAddresses,
    NodeMeta: node.meta,
    ServiceKind: "",
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ...taggedAddresses(service, "ServiceTaggedAddresses"),
    ServiceWeights: weights(service),
    ServiceMeta: service.meta ?? {},
    ServicePort: service.port,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: NO_PROXY,
    ServiceConnect: {},
    ...indexes(service),
  };
}

/**
 * Returns an entry of `/v1/internal/ui/services`.
 *
 * @param name Name of the service.
 * @param instances All its instances.
 * @returns The object to encode.
 */
export function summaryJson(name: string, instances: readonly Instance[]): Json {
  const sources = instances.map(({ service }) => service.meta?.["external-source"] ?? "");
  const checks = (wanted: string) =>
    instances.flatMap((one) => one.checks).filter(({ status }) => status === wanted).length;
  return {
    Name: name,
    Tags: distinct(instances.flatMap(({ service }) => service.tags)),
    Nodes: instances.map(({ node }) => node.name),
    InstanceCount: instances.length,
    ChecksPassing: checks("passing"),
    ChecksWarning: checks("warning"),
    ChecksCritical: checks("critical"),
    ExternalSources: distinct(sources.filter((source) => source !== "")),
    GatewayConfig: {},
  };
}

// Sorted; Go writes a list that was never begun as null.
function distinct(values: readonly string[]): readonly string[] | null {
  return values.length === 0 ? null : [...new Set(values)].sort();
}

/**
 * Returns an entry of `/v1/agent/services`.
 *
 * @param service The service.
 * @returns The object to encode.
 */
export function agentServiceJson(service: ServiceEntry): Json {
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: service.meta ?? {},
    Port: service.port,
    Address: service.address,
    ...taggedAddresses(service, "TaggedAddresses"),
    Weights: weights(service),
    EnableTagOverride: service.enableTagOverride,
  };
}

/**
 * Returns a check without its indexes.
 *
 * @param check The check.
 * @param node Its node.
 * @param service Its service, if it has one.
 * @returns The object to encode.
 */
export function checkJson(check: CheckEntry, node: NodeRow, service?: ServiceEntry): Json {
  return {
    Node: node.name,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: service?.name ?? "",
    ServiceTags: service?.tags ?? [],
    Type: check.type,
    Definition: {},
  };
}
