/**
 * Consul's JSON format for the content of the catalog.
 *
 * @module
 */
import type { CheckEntry, Indexed, Instance, NodeRow, ServiceEntry } from "./catalog_entry.ts";
import { defaultPort } from "./entries.ts";
import type { WireProfile } from "./wire_profile.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the form of the JSON depends on. */
export interface JsonForm {
  /** Name of the datacenter. */
  readonly datacenter: string;
  readonly profile: WireProfile;
  /** Whether namespaces and partitions are shown. */
  readonly enterprise: boolean;
}

// Consul Connect, which is not supported here, adds two fields to every service.
function proxy({ checkTimes }: WireProfile): Json {
  return { ...checkTimes && { Mode: "" }, MeshGateway: {}, Expose: {} };
}

function portFields(service: ServiceEntry, { ports: rule }: WireProfile, prefix = ""): Json {
  const { port, ports } = service;
  return {
    [`${prefix}Port`]: rule === "both" && port === 0 ? defaultPort(ports) : port,
    ...rule !== "dropped" && ports.length > 0 && { [`${prefix}Ports`]: ports },
  };
}

function socketField(service: ServiceEntry, profile: WireProfile, prefix = ""): Json {
  const { socketPath } = service;
  return profile.socketPath && socketPath !== "" ? { [`${prefix}SocketPath`]: socketPath } : {};
}

function localityField(row: NodeRow | ServiceEntry, profile: WireProfile, prefix = ""): Json {
  const { locality } = row;
  return profile.locality && locality !== null ? { [`${prefix}Locality`]: locality } : {};
}

function peerField(node: NodeRow, { peering }: WireProfile): Json {
  return peering && node.peer !== "" ? { PeerName: node.peer } : {};
}

function tenancy(node: NodeRow, service: ServiceEntry | undefined, form: JsonForm): Json {
  if (!form.enterprise) return {};
  return { Partition: node.partition, ...service && { Namespace: service.namespace } };
}

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
 * @param form Form of the JSON.
 * @returns The object to encode.
 */
export function healthJson({ node, service, checks }: Instance, form: JsonForm): Json {
  const { datacenter, profile } = form;
  return {
    Node: {
      ID: node.id,
      Node: node.name,
      Address: node.address,
      Datacenter: datacenter,
      TaggedAddresses: node.taggedAddresses,
      Meta: node.meta,
      ...peerField(node, profile),
      ...localityField(node, profile),
      ...tenancy(node, undefined, form),
      ...indexes(node),
    },
    Service: {
      ID: service.id,
      Service: service.name,
      Tags: service.tags,
      Address: service.address,
      ...taggedAddresses(service, "TaggedAddresses"),
      Meta: service.meta,
      ...portFields(service, profile),
      ...socketField(service, profile),
      Weights: weights(service),
      EnableTagOverride: service.enableTagOverride,
      Proxy: proxy(profile),
      Connect: {},
      // Unlike in the node and the checks, also when it is empty.
      ...profile.peering && { PeerName: node.peer },
      ...localityField(service, profile),
      ...tenancy(node, service, form),
      ...indexes(service),
    },
    Checks: checks.map((check) => ({
      ...checkJson(check, node, check.serviceId === "" ? undefined : service, form),
      ...indexes(check),
    })),
  };
}

/**
 * Returns an entry of `/v1/catalog/service/:name`.
 *
 * @param instance The instance.
 * @param form Form of the JSON.
 * @returns The object to encode.
 */
export function catalogJson({ node, service }: Instance, form: JsonForm): Json {
  const { datacenter, profile } = form;
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
    ...portFields(service, profile, "Service"),
    ...socketField(service, profile, "Service"),
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: proxy(profile),
    ServiceConnect: {},
    ...localityField(service, profile, "Service"),
    ...peerField(node, profile),
    ...tenancy(node, service, form),
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
export function summaryJson(
  name: string,
  instances: readonly Instance[],
  { profile }: JsonForm,
): Json {
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
    // `ServiceSummary` of `agent/ui_endpoint.go`.
    ...profile.peering && {
      TransparentProxy: false,
      ConnectNative: false,
      ConnectedWithProxy: false,
      ConnectedWithGateway: false,
      ...peerField(instances[0]!.node, profile),
    },
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
 * @param form Form of the JSON.
 * @returns The object to encode.
 */
export function agentServiceJson(service: ServiceEntry, form: JsonForm): Json {
  const { datacenter, profile, enterprise } = form;
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: service.meta ?? {},
    ...portFields(service, profile),
    Address: service.address,
    ...socketField(service, profile),
    ...taggedAddresses(service, "TaggedAddresses"),
    Weights: weights(service),
    EnableTagOverride: service.enableTagOverride,
    ...localityField(service, profile),
    ...enterprise && { Namespace: service.namespace },
    // `api.AgentService`; with it an agent tells where it is since 1.10.
    ...profile.queryBackend && { Datacenter: datacenter },
  };
}

/**
 * Returns a check without its indexes.
 *
 * @param check The check.
 * @param node Its node.
 * @param service Its service, if it has one.
 * @param form Form of the JSON.
 * @returns The object to encode.
 */
export function checkJson(
  check: CheckEntry,
  node: NodeRow,
  service: ServiceEntry | undefined,
  { profile }: JsonForm,
): Json {
  // A check that an agent runs tells Go's text of its times, one that was written directly none.
  const zero = check.type === "" ? "" : "0s";
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
    ...profile.checkTimes && { Interval: zero, Timeout: zero, ExposedPort: 0 },
    Definition: {},
    ...peerField(node, profile),
  };
}
