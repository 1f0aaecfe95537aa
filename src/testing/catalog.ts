/**
 * The catalog of one Consul datacenter: nodes, services and checks, with one increasing index.
 *
 * @module
 */
import type {
  CheckEntry,
  CheckRow,
  Instance,
  NodeEntry,
  NodeRow,
  ServiceEntry,
  ServiceRow,
} from "./catalog_entry.ts";
import { CatalogIndexes } from "./catalog_indexes.ts";
import {
  checksByService,
  nodeKey,
  type NodeState,
  same,
  serviceKey,
  stamped,
} from "./catalog_rows.ts";

/** One write. Everything in it has the same index. */
export interface CatalogWrite {
  readonly node: NodeEntry;
  readonly service?: ServiceEntry | undefined;
  readonly checks?: readonly CheckEntry[] | undefined;
}

/** The state of one datacenter, without time, network or wire format. */
export class Catalog {
  readonly #nodes = new Map<string, NodeState>();
  // Keys ignore case, as Consul does with names; values are `node -> ids`. Nodes and services that
  // were imported from a peer have its name in their keys.
  readonly #instances = new Map<string, Map<string, Set<string>>>();
  readonly #indexes = new CatalogIndexes();
  readonly #listeners = new Set<() => void>();
  #index: bigint;
  #resets = 0;

  /**
   * Creates an empty catalog.
   *
   * @param index Index to start from; the first write has the next one.
   */
  constructor(index: bigint) {
    this.#index = index;
  }

  /** Index of the last write. */
  get index(): bigint {
    return this.#index;
  }

  /** Number of subscribed listeners. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Number of index resets. A blocking query that was open before a reset has to end. */
  get resets(): number {
    return this.#resets;
  }

  /** All nodes, those of peers included. */
  get nodes(): readonly NodeRow[] {
    return [...this.#nodes.keys()].sort().map((key) => this.#nodes.get(key)!.row);
  }

  /**
   * Writes a node and, in the same step, a service and its checks. Writing identical content again
   * changes no index that a query can see.
   *
   * @param write The write.
   * @throws {RangeError} when a check belongs to a service that the node does not have.
   */
  write(write: CatalogWrite): void {
    const known = this.node(write.node.name, write.node.peer)?.services;
    for (const { serviceId } of write.checks ?? []) {
      if (serviceId === "" || serviceId === write.service?.id || known?.has(serviceId)) continue;
      throw new RangeError(`Missing service registration on node "${write.node.name}"`);
    }
    this.#commit((index) => {
      const state = this.#writeNode(write.node, index);
      if (write.service !== undefined) this.#writeService(state, write.service, index);
      for (const check of write.checks ?? []) this.#writeCheck(state, check, index);
    });
  }

  /**
   * Removes a node and everything on it.
   *
   * @param node Its name.
   * @param peer Name of its peer. @default {""}
   */
  removeNode(node: string, peer = ""): void {
    this.#commit((index) => {
      const state = this.#nodes.get(nodeKey(node, peer));
      if (state === undefined) return;
      for (const id of [...state.services.keys()]) this.#removeService(state, id, index);
      if (state.checks.size > 0) this.#indexes.touchTable("checks", index);
      this.#nodes.delete(nodeKey(node, peer));
      this.#indexes.touchTable("nodes", index);
    });
  }

  /**
   * Removes an instance of a service and its checks.
   *
   * @param node Name of its node.
   * @param id Id of the instance.
   * @param peer Name of its peer. @default {""}
   */
  removeService(node: string, id: string, peer = ""): void {
    this.#commit((index) => {
      const state = this.#nodes.get(nodeKey(node, peer));
      if (state?.services.has(id)) this.#removeService(state, id, index);
    });
  }

  /**
   * Removes a check.
   *
   * @param node Name of its node.
   * @param id Id of the check.
   * @param peer Name of its peer. @default {""}
   */
  removeCheck(node: string, id: string, peer = ""): void {
    this.#commit((index) => {
      const state = this.#nodes.get(nodeKey(node, peer));
      const check = state?.checks.get(id);
      if (state === undefined || check === undefined) return;
      state.checks.delete(id);
      this.#touchCheck(state, check, index);
    });
  }

  /**
   * Sets the index back (or forward), as when the servers are rebuilt from scratch.
   *
   * @param index New index of all content.
   */
  resetIndex(index: bigint): void {
    this.#index = index;
    this.#resets++;
    this.#indexes.reset(index);
    this.#notify();
  }

  /**
   * Returns a node with its services and checks.
   *
   * @param name Its name.
   * @param peer Name of its peer. @default {""}
   * @returns The node, or `undefined` if it does not exist.
   */
  node(name: string, peer = ""): {
    readonly row: NodeRow;
    readonly services: ReadonlyMap<string, ServiceRow>;
    readonly checks: ReadonlyMap<string, CheckRow>;
  } | undefined {
    return this.#nodes.get(nodeKey(name, peer));
  }

  /**
   * Returns all instances of a service.
   *
   * @param name Name of the service, in any case.
   * @param peer Name of the peer that they were imported from. @default {""}
   * @returns The instances, sorted by node and id.
   */
  instances(name: string, peer = ""): readonly Instance[] {
    const found: Instance[] = [];
    const nodes = this.#instances.get(serviceKey(name, peer)) ?? new Map<string, Set<string>>();
    for (const node of [...nodes.keys()].sort()) {
      const state = this.#nodes.get(node)!;
      const checks = checksByService(state);
      for (const id of [...nodes.get(node)!].sort()) {
        found.push({
          node: state.row,
          service: state.services.get(id)!,
          checks: [...checks.get("") ?? [], ...checks.get(id) ?? []],
        });
      }
    }
    return found;
  }

  /**
   * Returns every service name with the tags of all its instances, sorted by name.
   *
   * @param peer Name of the peer that they were imported from. @default {""}
   * @param visible Which instances count. @default {all}
   */
  services(
    peer = "",
    visible: (service: ServiceRow, node: NodeRow) => boolean = () => true,
  ): ReadonlyMap<string, readonly string[]> {
    const tags = new Map<string, Set<string>>();
    for (const state of this.#nodes.values()) {
      if (state.row.peer.toLowerCase() !== peer.toLowerCase()) continue;
      for (const service of state.services.values()) {
        if (!visible(service, state.row)) continue;
        const seen = tags.get(service.name) ?? new Set();
        for (const tag of service.tags) seen.add(tag);
        tags.set(service.name, seen);
      }
    }
    const names = [...tags.keys()].sort();
    return new Map(names.map((name) => [name, [...tags.get(name)!]]));
  }

  /**
   * Returns the index that is reported for a service, see {@linkcode CatalogIndexes.ofService}.
   *
   * @param name Name of the service.
   * @param health Whether changes of checks count, as for the health endpoint.
   * @param peer Name of its peer. @default {""}
   * @returns The index, or 0 if nothing was ever written.
   */
  serviceIndex(name: string, health: boolean, peer = ""): bigint {
    return this.#indexes.ofService(serviceKey(name, peer), health);
  }

  /** Returns the index that is reported for the list of service names. */
  servicesIndex(): bigint {
    return this.#indexes.services;
  }

  /** The index under which the summary of all services is reported. */
  summaryIndex(): bigint {
    return this.#indexes.all;
  }

  /**
   * Calls a listener after every write.
   *
   * @param listener Called without arguments.
   * @returns Removes the listener.
   */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #commit(change: (index: bigint) => void): void {
    this.#index++;
    change(this.#index);
    this.#notify();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #writeNode(entry: NodeEntry, index: bigint): NodeState {
    const key = nodeKey(entry.name, entry.peer);
    const old = this.#nodes.get(key);
    if (old !== undefined && same(old.row, entry)) return old;
    const row = stamped(entry, old?.row, index);
    const state = old ?? { row, services: new Map(), checks: new Map() };
    state.row = row;
    this.#nodes.set(key, state);
    this.#indexes.touchTable("nodes", index);
    this.#touchAllServices(state, index);
    return state;
  }

  #writeService(state: NodeState, entry: ServiceEntry, index: bigint): void {
    const old = state.services.get(entry.id);
    if (old !== undefined && same(old, entry)) return;
    if (old !== undefined && old.name !== entry.name) this.#forget(state, old, index);
    state.services.set(entry.id, stamped(entry, old, index));
    const key = serviceKey(entry.name, state.row.peer);
    const on = nodeKey(state.row.name, state.row.peer);
    const nodes = this.#instances.get(key) ?? new Map<string, Set<string>>();
    this.#instances.set(key, nodes);
    nodes.set(on, (nodes.get(on) ?? new Set()).add(entry.id));
    this.#indexes.touchService(key, index);
    this.#indexes.touchTable("services", index);
  }

  #writeCheck(state: NodeState, entry: CheckEntry, index: bigint): void {
    const old = state.checks.get(entry.id);
    if (old !== undefined && same(old, entry)) return;
    state.checks.set(entry.id, stamped(entry, old, index));
    this.#touchCheck(state, entry, index);
  }

  #removeService(state: NodeState, id: string, index: bigint): void {
    for (const check of [...state.checks.values()]) {
      if (check.serviceId !== id) continue;
      state.checks.delete(check.id);
      this.#indexes.touchTable("checks", index);
    }
    const service = state.services.get(id)!;
    state.services.delete(id);
    this.#forget(state, service, index);
  }

  #forget(state: NodeState, service: ServiceRow, index: bigint): void {
    const key = serviceKey(service.name, state.row.peer);
    const on = nodeKey(state.row.name, state.row.peer);
    const nodes = this.#instances.get(key)!;
    const ids = nodes.get(on)!;
    ids.delete(service.id);
    if (ids.size === 0) nodes.delete(on);
    this.#indexes.touchTable("services", index);
    if (nodes.size > 0) {
      this.#indexes.touchService(key, index);
    } else {
      this.#instances.delete(key);
      this.#indexes.removeService(key, index);
    }
  }

  #touchCheck(state: NodeState, check: CheckEntry, index: bigint): void {
    this.#indexes.touchTable("checks", index);
    if (check.serviceId === "") {
      this.#touchAllServices(state, index);
    } else {
      const service = state.services.get(check.serviceId)!;
      this.#indexes.touchService(serviceKey(service.name, state.row.peer), index);
    }
  }

  #touchAllServices(state: NodeState, index: bigint): void {
    for (const service of state.services.values()) {
      this.#indexes.touchService(serviceKey(service.name, state.row.peer), index);
    }
  }
}
