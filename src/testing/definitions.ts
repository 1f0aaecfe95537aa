/**
 * The request bodies of Consul's register endpoints.
 *
 * @module
 */
import type { CheckStatus, Locality, NamedPort, ServiceEntry } from "./catalog_entry.ts";
import { type CheckDefinition, serviceEntry } from "./entries.ts";
import {
  arrayOf,
  boolean,
  type Decode,
  duration,
  ignored,
  integer,
  mapOf,
  object,
  string,
} from "./go_json.ts";
import { Refusal } from "./refusal.ts";
import type { WireProfile } from "./wire_profile.ts";

/** A check in `/v1/agent/service/register` and `/v1/agent/check/register`. */
interface CheckBody {
  ID: string;
  CheckID: string;
  Name: string;
  Notes: string;
  Status: string;
  ServiceID: string;
  TTL: number;
  Interval: number;
  HTTP: string;
  TCP: string;
  GRPC: string;
  ScriptArgs: string[];
  DeregisterCriticalServiceAfter: number;
}

/** Fields of a service in both register endpoints. */
interface CommonServiceBody {
  ID: string;
  Tags: string[];
  Address: string;
  Port: number;
  Meta: Record<string, string>;
  Weights: Partial<{ Passing: number; Warning: number }>;
  EnableTagOverride: boolean;
  TaggedAddresses: Record<string, { Address: string; Port: number }>;
  Ports: Partial<NamedPort>[];
  SocketPath: string;
  Locality: Partial<Locality>;
  Namespace: string;
}

/** A service in `/v1/agent/service/register`. */
export interface AgentServiceBody extends CommonServiceBody {
  Name: string;
  Check: Partial<CheckBody>;
  Checks: Partial<CheckBody>[];
}

/** Body of `/v1/catalog/register`. */
export interface CatalogBody {
  Datacenter: string;
  ID: string;
  Node: string;
  Address: string;
  TaggedAddresses: Record<string, string>;
  NodeMeta: Record<string, string>;
  SkipNodeUpdate: boolean;
  Locality: Partial<Locality>;
  Partition: string;
  PeerName: string;
  Service: Partial<CommonServiceBody & { Service: string }>;
  Check: Partial<CatalogCheckBody>;
  Checks: Partial<CatalogCheckBody>[];
}

/** A check in `/v1/catalog/register`. */
interface CatalogCheckBody {
  Node: string;
  CheckID: string;
  Name: string;
  Notes: string;
  Status: string;
  Output: string;
  ServiceID: string;
  Type: string;
}

/** Body of `/v1/catalog/deregister`. */
export interface DeregisterBody {
  Datacenter: string;
  Node: string;
  Address: string;
  ServiceID: string;
  CheckID: string;
  PeerName: string;
}

const taggedAddress: Decode<{ Address: string; Port: number }> = (value, field) => {
  const { Address = "", Port = 0 } = object({ Address: string, Port: integer })(value, field);
  return { Address, Port };
};

const locality = object({ Region: string, Zone: string });
const ports = arrayOf(object({ Name: string, Port: integer, Default: boolean }));

// Consul rejects fields that its version does not have.
function serviceFields(profile: WireProfile, enterprise: boolean) {
  return {
    ID: string,
    Tags: arrayOf(string),
    Address: string,
    Port: integer,
    Meta: mapOf(string),
    Weights: object({ Passing: integer, Warning: integer }),
    EnableTagOverride: boolean,
    TaggedAddresses: mapOf(taggedAddress),
    // Consul Connect is not supported.
    Kind: ignored,
    Proxy: ignored,
    Connect: ignored,
    ...profile.ports !== "dropped" && { Ports: ports },
    ...profile.socketPath && { SocketPath: string },
    ...profile.locality && { Locality: locality },
    ...enterprise && { Namespace: string },
  };
}

const agentCheckFields = {
  ID: string,
  CheckID: string,
  Name: string,
  Notes: string,
  Status: string,
  TTL: duration,
  Interval: duration,
  HTTP: string,
  TCP: string,
  GRPC: string,
  ScriptArgs: arrayOf(string),
  DeregisterCriticalServiceAfter: duration,
  // Settings for running checks; the embedded Consul does not run them.
  ...Object.fromEntries(
    [
      "Header",
      "Method",
      "Body",
      "AliasNode",
      "AliasService",
      "DockerContainerID",
      "Shell",
      "GRPCUseTLS",
      "TLSSkipVerify",
      "Timeout",
      "SuccessBeforePassing",
      "FailuresBeforeCritical",
      "OutputMaxSize",
    ].map((name) => [name, ignored]),
  ),
};

const agentCheck = object(agentCheckFields) as Decode<Partial<CheckBody>>;

/** Decodes the body of `/v1/agent/check/register`. */
export const decodeCheckBody: Decode<Partial<CheckBody>> = object({
  ...agentCheckFields,
  ServiceID: string,
  Token: string,
}) as Decode<Partial<CheckBody>>;

const catalogCheck = object({
  Node: string,
  CheckID: string,
  Name: string,
  Notes: string,
  Status: string,
  Output: string,
  ServiceID: string,
  Type: string,
  ServiceName: ignored,
  ServiceTags: ignored,
  Definition: ignored,
});

/** Decoders whose fields depend on the version. */
export interface Decoders {
  /** Decodes the body of `/v1/agent/service/register`. */
  readonly service: Decode<Partial<AgentServiceBody>>;
  /** Decodes the body of `/v1/catalog/register`. */
  readonly catalog: Decode<Partial<CatalogBody>>;
  /** Decodes the body of `/v1/catalog/deregister`. */
  readonly deregister: Decode<Partial<DeregisterBody>>;
}

/**
 * Creates the decoders of a version.
 *
 * @param profile The version.
 * @param enterprise Whether it has namespaces and admin partitions.
 * @returns The decoders.
 */
export function decodersFor(profile: WireProfile, enterprise: boolean): Decoders {
  const fields = serviceFields(profile, enterprise);
  const peer = profile.peering ? { PeerName: string } : {};
  const catalogTenancy = {
    ...profile.locality && { Locality: locality },
    ...enterprise && { Partition: string },
    ...peer,
  };
  return {
    service: object({
      ...fields,
      ...enterprise && { Partition: ignored },
      Name: string,
      Check: agentCheck,
      Checks: arrayOf(agentCheck),
      Token: string,
    } as never) as Decode<Partial<AgentServiceBody>>,
    catalog: object({
      Datacenter: string,
      ID: string,
      Node: string,
      Address: string,
      TaggedAddresses: mapOf(string),
      NodeMeta: mapOf(string),
      SkipNodeUpdate: boolean,
      Service: object({ ...fields, Service: string, ...peer } as never),
      Check: catalogCheck,
      Checks: arrayOf(catalogCheck),
      ...catalogTenancy,
    } as never) as Decode<Partial<CatalogBody>>,
    deregister: object({
      Datacenter: string,
      Node: string,
      Address: string,
      ServiceID: string,
      CheckID: string,
      ...peer,
    } as never) as Decode<Partial<DeregisterBody>>,
  };
}

/** Decodes the body of `/v1/acl/login`. */
export const decodeLoginBody: Decode<
  Partial<{ AuthMethod: string; BearerToken: string; Meta: Record<string, string> }>
> = object({ AuthMethod: string, BearerToken: string, Meta: mapOf(string) });

/** Decodes the body of `/v1/agent/check/update/:id`. */
export const decodeUpdateBody: Decode<Partial<{ Status: string; Output: string }>> = object({
  Status: string,
  Output: string,
});

/**
 * Creates the entry of a decoded service.
 *
 * @param name Name of the service.
 * @param body The other fields.
 * @returns The entry.
 * @throws {Refusal} 400 when its weights are not valid.
 */
export function serviceOf(name: string, body: Partial<CommonServiceBody>): ServiceEntry {
  const { Passing = 1, Warning = 1 } = body.Weights ?? {};
  if (Passing < 1) throw new Refusal(400, "Invalid Weights: Passing must be greater than 0");
  if (Warning < 0) {
    throw new Refusal(400, "Invalid Weights: Warning must be greater or equal than 0");
  }
  if (body.Port && body.Ports?.length) {
    throw new Refusal(400, "Invalid Ports: Port and Ports are mutually exclusive");
  }
  const entry = serviceEntry({
    name,
    id: body.ID || name,
    address: body.Address,
    port: body.Port,
    socketPath: body.SocketPath,
    locality: body.Locality && { region: body.Locality.Region, zone: body.Locality.Zone },
    namespace: body.Namespace || undefined,
    tags: body.Tags,
    meta: body.Meta,
    weights: { passing: Passing, warning: Warning },
    enableTagOverride: body.EnableTagOverride,
    taggedAddresses: body.TaggedAddresses,
  });
  const named = (body.Ports ?? []).map(({ Name = "", Port = 0, Default = false }): NamedPort => (
    { Name, Port, Default }
  ));
  return { ...entry, ports: named };
}

/**
 * Converts a decoded check to a definition.
 *
 * @param body The check.
 * @param fallback Name, id and service to use if the body has none.
 * @returns The definition.
 * @throws {Refusal} 400 when Consul would not accept the check.
 */
export function checkOf(
  body: Partial<CheckBody>,
  fallback: { id: string; name: string; serviceId: string },
): CheckDefinition {
  const run = runTypeOf(body);
  const { TTL: ttlMs = 0, Interval: intervalMs = 0 } = body;
  if (intervalMs > 0 && ttlMs > 0) {
    throw new Refusal(400, "Invalid check: Interval and TTL cannot both be specified");
  }
  if (run === "ttl" && ttlMs <= 0) {
    throw new Refusal(400, "Invalid check: TTL must be > 0 for TTL checks");
  }
  if (run !== "ttl" && intervalMs <= 0) {
    throw new Refusal(
      400,
      "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks",
    );
  }
  return {
    entry: {
      id: body.CheckID || body.ID || fallback.id,
      name: body.Name || fallback.name,
      status: body.Status || "critical",
      notes: body.Notes ?? "",
      output: "",
      serviceId: fallback.serviceId,
      type: run,
    },
    ttlMs: run === "ttl" ? ttlMs : undefined,
    deregisterAfterMs: body.DeregisterCriticalServiceAfter || undefined,
  };
}

/**
 * Returns whether a text is one of the three states that an agent accepts.
 *
 * @param text The text.
 * @returns `true` if it is.
 */
export function isCheckStatus(text: string): text is CheckStatus {
  return text === "passing" || text === "warning" || text === "critical";
}

function runTypeOf(body: Partial<CheckBody>): string {
  if (body.HTTP) return "http";
  if (body.TCP) return "tcp";
  if (body.GRPC) return "grpc";
  return body.ScriptArgs?.length ? "script" : "ttl";
}
