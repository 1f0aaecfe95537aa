/**
 * The fields that `?filter=` may name, with their types.
 *
 * @module
 */
import type { WireProfile } from "./wire_profile.ts";

/** Type of a field. */
export type FieldType =
  | "string"
  | "int"
  | "bool"
  | { readonly list: FieldType }
  | { readonly map: FieldType }
  | { readonly fields: Readonly<Record<string, FieldType>> };

const STRINGS = { list: "string" } as const;
const STRING_MAP = { map: "string" } as const;
const ADDRESSES = { map: { fields: { Address: "string", Port: "int" } } } as const;
const WEIGHTS = { fields: { Passing: "int", Warning: "int" } } as const;

const CHECK = {
  Node: "string",
  CheckID: "string",
  Name: "string",
  Status: "string",
  Notes: "string",
  Output: "string",
  ServiceID: "string",
  ServiceName: "string",
  ServiceTags: STRINGS,
  Type: "string",
} as const;

function service(profile: WireProfile): Record<string, FieldType> {
  return {
    Kind: "string",
    ID: "string",
    Service: "string",
    Tags: STRINGS,
    Address: "string",
    TaggedAddresses: ADDRESSES,
    Meta: STRING_MAP,
    Port: "int",
    Weights: WEIGHTS,
    EnableTagOverride: "bool",
    Connect: { fields: { Native: "bool" } },
    ...profile.socketPath && { SocketPath: "string" },
    ...profile.peering && { PeerName: "string" },
  };
}

/**
 * Returns the fields of the entries of `/v1/health/service/:name` ("api-docs/health.mdx").
 *
 * @param profile The version.
 * @returns Their type.
 */
export function healthFields(profile: WireProfile): FieldType {
  const peer = profile.peering ? { PeerName: "string" as const } : {};
  return {
    fields: {
      Node: {
        fields: {
          ID: "string",
          Node: "string",
          Address: "string",
          Datacenter: "string",
          TaggedAddresses: STRING_MAP,
          Meta: STRING_MAP,
          ...peer,
        },
      },
      Service: { fields: service(profile) },
      Checks: { list: { fields: { ...CHECK, ...peer } } },
    },
  };
}

/**
 * Returns the fields of the entries of `/v1/catalog/service/:name` ("api-docs/catalog.mdx").
 *
 * @param profile The version.
 * @returns Their type.
 */
export function catalogFields(profile: WireProfile): FieldType {
  return {
    fields: {
      ID: "string",
      Node: "string",
      Address: "string",
      Datacenter: "string",
      TaggedAddresses: STRING_MAP,
      NodeMeta: STRING_MAP,
      ServiceKind: "string",
      ServiceID: "string",
      ServiceName: "string",
      ServiceTags: STRINGS,
      ServiceAddress: "string",
      ServiceTaggedAddresses: ADDRESSES,
      ServiceMeta: STRING_MAP,
      ServicePort: "int",
      ServiceWeights: WEIGHTS,
      ServiceEnableTagOverride: "bool",
      ...profile.socketPath && { ServiceSocketPath: "string" },
      ...profile.peering && { PeerName: "string" },
    },
  };
}

/**
 * Returns the fields of the values of `/v1/agent/services` ("api-docs/agent/service.mdx").
 *
 * @param profile The version.
 * @returns Their type.
 */
export function agentServiceFields(profile: WireProfile): FieldType {
  return { fields: service(profile) };
}
