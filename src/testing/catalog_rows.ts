/**
 * How the catalog stores its rows.
 *
 * @module
 */
import type { CheckRow, Indexed, NodeRow, ServiceRow } from "./catalog_entry.ts";

/** A node with everything on it. */
export interface NodeState {
  row: NodeRow;
  readonly services: Map<string, ServiceRow>;
  readonly checks: Map<string, CheckRow>;
}

/**
 * Returns the key of a node; nodes of a peer may have the names of local ones.
 *
 * @param name Name of the node.
 * @param peer Name of its peer, `""` for none.
 * @returns The key.
 */
export function nodeKey(name: string, peer: string): string {
  return peer === "" ? name : `${peer.toLowerCase()}\0${name}`;
}

/**
 * Returns the key of a service.
 *
 * @param name Name of the service, in any case.
 * @param peer Name of its peer in any case, `""` for none.
 * @returns The key.
 */
export function serviceKey(name: string, peer: string): string {
  return nodeKey(name.toLowerCase(), peer);
}

/**
 * Creates a row from an entry.
 *
 * @param entry The entry.
 * @param old The row that it replaces.
 * @param index Index of the write.
 * @returns The row.
 */
export function stamped<T extends object>(
  entry: T,
  old: Indexed | undefined,
  index: bigint,
): T & Indexed {
  return Object.freeze({ ...entry, createIndex: old?.createIndex ?? index, modifyIndex: index });
}

/**
 * Returns whether an entry would change a row.
 *
 * @param row The row.
 * @param entry The entry.
 * @returns `true` if it has the same content.
 */
export function same(row: Indexed & object, entry: object): boolean {
  // JSON can be compared because each kind of entry is built in one place, with keys in one order.
  const { createIndex: _created, modifyIndex: _modified, ...content } = row;
  return JSON.stringify(content) === JSON.stringify(entry);
}

/**
 * Groups the checks of a node by service.
 *
 * @param state The node.
 * @returns The checks by id of the service, `""` for those of the node.
 */
export function checksByService(state: NodeState): Map<string, CheckRow[]> {
  // Grouped once per node: a node may have ten thousand services.
  const groups = new Map<string, CheckRow[]>();
  for (const check of [...state.checks.values()].sort((a, b) => a.id < b.id ? -1 : 1)) {
    const group = groups.get(check.serviceId);
    if (group === undefined) groups.set(check.serviceId, [check]);
    else group.push(check);
  }
  return groups;
}
