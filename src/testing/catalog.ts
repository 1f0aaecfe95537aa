/**
 * The catalog of one Consul datacenter: nodes, services and checks, with one increasing index.
 *
 * @module
 */
import type {
  CheckEntry,
  CheckRow,
  Indexed,
  Instance,
  NodeEntry,
  NodeRow,
  ServiceEntry,
  ServiceRow,
} from "./catalog_entry.ts";
import { CatalogIndexes } from "./catalog_indexes.ts";

/** One write. Everything in it has the same index. */
export interface CatalogWrite {
  readonly node: NodeEntry;
  readonly service?: ServiceEntry | undefined;
  readonly checks?: readonly CheckEntry[] | undefined;
}

interface NodeState {
  row: NodeRow;
  readonly services: Map<string, ServiceRow>;
  readonly checks: Map<string, CheckRow>;
}

/** The state of one datacenter, without time, network or wire format. */
export class Catalog {
  readonly #nodes = new Map<string, NodeState>();
  // Keys are lower case, because Consul ignores the case of names; values are `node -> ids`.
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

  /** Names of all nodes, sorted. */
  get nodeNames(): readonly string[] {
    return [...this.#nodes.keys()].sort();
  }

  /**
   * Writes a node and, in the same step, a service and its checks. Writing identical content again
   * changes no index that a query can see.
   *
   * @param write The write.
   * @throws {RangeError} when a check belongs to a service that the node does not have.
   */
  write(write: CatalogWrite): void {
    const known = this.#nodes.get(write.node.name)?.services;
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
   */
  removeNode(node: string): void {
    this.#commit((index) => {
      const state = this.#nodes.get(node);
      if (state === undefined) return;
      for (const id of [...state.services.keys()]) this.#removeService(state, id, index);
      if (state.checks.size > 0) this.#indexes.touchTable("checks", index);
      this.#nodes.delete(node);
      this.#indexes.touchTable("nodes", index);
    });
  }

  /**
   * Removes an instance of a service and its checks.
   *
   * @param node Name of its node.
   * @param id Id of the instance.
   */
  removeService(node: string, id: string): void {
    this.#commit((index) => {
      const state = this.#nodes.get(node);
      if (state?.services.has(id)) this.#removeService(state, id, index);
    });
  }

  /**
   * Removes a check.
   *
   * @param node Name of its node.
   * @param id Id of the check.
   */
  removeCheck(node: string, id: string): void {
    this.#commit((index) => {
      const state = this.#nodes.get(node);
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
   * @returns The node, or `undefined` if it does not exist.
   */
  node(name: string): {
    readonly row: NodeRow;
    readonly services: ReadonlyMap<string, ServiceRow>;
    readonly checks: ReadonlyMap<string, CheckRow>;
  } | undefined {
    return this.#nodes.get(name);
  }

  /**
   * Returns all instances of a service.
   *
   * @param name Name of the service, in any case.
   * @returns The instances, sorted by node and id.
   */
  instances(name: string): readonly Instance[] {
    const found: Instance[] = [];
    const nodes = this.#instances.get(name.toLowerCase()) ?? new Map<string, Set<string>>();
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

  /** Returns every service name with the tags of all its instances, sorted by name. */
  services(): ReadonlyMap<string, readonly string[]> {
    const tags = new Map<string, Set<string>>();
    for (const state of this.#nodes.values()) {
      for (const service of state.services.values()) {
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
   * @returns The index, or 0 if nothing was ever written.
   */
  serviceIndex(name: string, health: boolean): bigint {
    return this.#indexes.ofService(name.toLowerCase(), health);
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
    const old = this.#nodes.get(entry.name);
    if (old !== undefined && same(old.row, entry)) return old;
    const row = stamped(entry, old?.row, index);
    const state = old ?? { row, services: new Map(), checks: new Map() };
    state.row = row;
    this.#nodes.set(entry.name, state);
    this.#indexes.touchTable("nodes", index);
    this.#touchAllServices(state, index);
    return state;
  }

  #writeService(state: NodeState, entry: ServiceEntry, index: bigint): void {
    const old = state.services.get(entry.id);
    if (old !== undefined && same(old, entry)) return;
    if (old !== undefined && old.name !== entry.name) this.#forget(state, old, index);
    state.services.set(entry.id, stamped(entry, old, index));
    const key = entry.name.toLowerCase();
    const nodes = this.#instances.get(key) ?? new Map<string, Set<string>>();
    this.#instances.set(key, nodes);
    nodes.set(state.row.name, (nodes.get(state.row.name) ?? new Set()).add(entry.id));
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
    const key = service.name.toLowerCase();
    const nodes = this.#instances.get(key)!;
    const ids = nodes.get(state.row.name)!;
    ids.delete(service.id);
    if (ids.size === 0) nodes.delete(state.row.name);
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
      this.#indexes.touchService(service.name.toLowerCase(), index);
    }
  }

  #touchAllServices(state: NodeState, index: bigint): void {
    for (const service of state.services.values()) {
      this.#indexes.touchService(service.name.toLowerCase(), index);
    }
  }
}

function stamped<T extends object>(
  entry: T,
  old: Indexed | undefined,
  index: bigint,
): T & Indexed {
  return Object.freeze({ ...entry, createIndex: old?.createIndex ?? index, modifyIndex: index });
}

// JSON can be compared because each kind of entry is built in one place, with keys in one order.
function same(row: Indexed & object, entry: object): boolean {
  const { createIndex: _created, modifyIndex: _modified, ...content } = row;
  return JSON.stringify(content) === JSON.stringify(entry);
}

// Grouped once per node: a node may have ten thousand services.
function checksByService(state: NodeState): Map<string, CheckRow[]> {
  const groups = new Map<string, CheckRow[]>();
  for (const check of [...state.checks.values()].sort((a, b) => a.id < b.id ? -1 : 1)) {
    const group = groups.get(check.serviceId);
    if (group === undefined) groups.set(check.serviceId, [check]);
    else group.push(check);
  }
  return groups;
}
