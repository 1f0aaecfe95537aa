/**
 * The content of the catalog of a Consul datacenter, independent of any wire format.
 *
 * @module
 */

/** Indexes of the writes that created and last changed a row. */
export interface Indexed {
  readonly createIndex: bigint;
  readonly modifyIndex: bigint;
}

/** Where something runs, for routing by locality. */
export interface Locality {
  readonly Region: string;
  readonly Zone: string;
}

/** One of several ports of a service. */
export interface NamedPort {
  readonly Name: string;
  readonly Port: number;
  /** Whether it is the port of clients that ask for none. */
  readonly Default: boolean;
}

/** A node to write. */
export interface NodeEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  /** Name of the peer that it was imported from, `""` for a node of this cluster. */
  readonly peer: string;
  readonly partition: string;
  readonly locality: Locality | null;
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  readonly meta: Readonly<Record<string, string>> | null;
}

/** An instance of a service to write. */
export interface ServiceEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Ports by name; excludes `port`. */
  readonly ports: readonly NamedPort[];
  readonly socketPath: string;
  readonly locality: Locality | null;
  readonly namespace: string;
  readonly samenessGroup: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>> | null;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly enableTagOverride: boolean;
  readonly taggedAddresses: Readonly<Record<string, { Address: string; Port: number }>>;
}

/** Consul's three check states. */
export type CheckStatus = "passing" | "warning" | "critical";

/** A check of a service, or of the node if `serviceId` is empty. */
export interface CheckEntry {
  readonly id: string;
  readonly name: string;
  /** One of the three states. A direct write to the catalog may contain any text. */
  readonly status: string;
  readonly notes: string;
  readonly output: string;
  readonly serviceId: string;
  readonly type: string;
}

/** A node in the catalog. */
export type NodeRow = NodeEntry & Indexed;
/** An instance of a service in the catalog. */
export type ServiceRow = ServiceEntry & Indexed;
/** A check in the catalog. */
export type CheckRow = CheckEntry & Indexed;

/** One entry in a response of the health endpoint. */
export interface Instance {
  readonly node: NodeRow;
  readonly service: ServiceRow;
  /** Checks of the node, then those of the service, each sorted by id. */
  readonly checks: readonly CheckRow[];
}
