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

/** A node to write. */
export interface NodeEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  readonly meta: Readonly<Record<string, string>> | null;
}

/** An instance of a service to write. */
export interface ServiceEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
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
