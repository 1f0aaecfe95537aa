/**
 * What the catalog of a Consul datacenter holds, without any wire format.
 *
 * @module
 */

/** A row's place in the history of the catalog. */
export interface Indexed {
  readonly createIndex: bigint;
  readonly modifyIndex: bigint;
}

/** One node, as it is written. */
export interface NodeEntry {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  readonly meta: Readonly<Record<string, string>> | null;
}

/** One instance of a service, as it is written. */
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

/** One check of a node, or of a service where `serviceId` is not empty. */
export interface CheckEntry {
  readonly id: string;
  readonly name: string;
  /** One of the three states, or whatever was written to the catalog directly. */
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

/** What one answer of the health endpoint lists. */
export interface Instance {
  readonly node: NodeRow;
  readonly service: ServiceRow;
  /** Checks of the node first, then those of the service, each by id. */
  readonly checks: readonly CheckRow[];
}
