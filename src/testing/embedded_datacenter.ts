/**
 * Methods that change one datacenter of the embedded Consul.
 *
 * @module
 */
import type { Catalog } from "./catalog.ts";
import type { CheckEntry, CheckStatus, NodeEntry, ServiceRow } from "./catalog_entry.ts";
import {
  type EmbeddedService,
  externalNodeEntry,
  maintenanceCheck,
  serviceChecks,
  serviceEntry,
  withoutIndexes,
} from "./entries.ts";
import type { LocalAgent } from "./local_agent.ts";

/** Registers and changes services in one datacenter of an embedded Consul. */
export class EmbeddedDatacenter {
  /** Its name. */
  readonly name: string;
  readonly #catalog: Catalog;
  readonly #agent: LocalAgent;

  /**
   * Called by `EmbeddedConsul`; use `consul.datacenter(name)`.
   *
   * @param name Its name.
   * @param catalog Its catalog.
   * @param agent The agent of its own node.
   */
  constructor(name: string, catalog: Catalog, agent: LocalAgent) {
    this.name = name;
    this.#catalog = catalog;
    this.#agent = agent;
  }

  /** Name of the agent's own node. */
  get node(): string {
    return this.#agent.node.name;
  }

  /**
   * Registers an instance of a service, or replaces the one with the same id.
   *
   * @param service The instance.
   * @returns Its id.
   */
  register(service: EmbeddedService): string {
    const entry = serviceEntry(service);
    const given = service.checks ?? (service.status ? [{ status: service.status }] : []);
    const checks = serviceChecks(entry, given);
    const { peer = "", partition = "default" } = service;
    const local = peer === "" && partition === "default";
    const { node: on = local ? this.node : `${peer || partition}-node` } = service;
    if (local && on === this.node) {
      // The given state also replaces that of an existing check.
      this.#agent.addService(entry, checks, false);
    } else {
      const node = externalNodeEntry(service, on);
      this.#catalog.write({ node, service: entry, checks: checks.map(({ entry }) => entry) });
    }
    return entry.id;
  }

  /**
   * Removes an instance and its checks.
   *
   * @param id Its id.
   * @param node Name of its node, needed if two nodes have an instance with this id.
   * @throws {RangeError} when there is no such instance.
   */
  deregister(id: string, node?: string): void {
    const found = this.#find(id, node);
    if (this.#isOwn(found.node)) this.#agent.removeService(id);
    else this.#catalog.removeService(found.node.name, id, found.node.peer);
  }

  /**
   * Sets the state of an instance through its check `service:<id>`, which is created if missing.
   *
   * @param id Id of the instance.
   * @param status New state.
   * @param output Output of the check. @default {""}
   * @param node Name of its node, needed if two nodes have an instance with this id.
   * @throws {RangeError} when there is no such instance.
   */
  setStatus(id: string, status: CheckStatus, output = "", node?: string): void {
    const found = this.#find(id, node);
    const { name, peer } = found.node;
    const old = this.#catalog.node(name, peer)?.checks.get(`service:${id}`);
    if (old !== undefined && this.#isOwn(found.node)) {
      return this.#agent.setStatus(old.id, status, output);
    }
    const entry: CheckEntry = old !== undefined
      ? { ...withoutIndexes<CheckEntry>(old), status, output }
      : serviceChecks(found.service, [{ status, output }])[0]!.entry;
    this.#catalog.write({ node: found.node, checks: [entry] });
  }

  /**
   * Enables or disables maintenance for an instance. Consul reports it as a critical check.
   *
   * @param id Id of the instance.
   * @param on Whether to enable it.
   * @param reason Reason, for people.
   * @param node Name of its node, needed if two nodes have an instance with this id.
   * @throws {RangeError} when there is no such instance.
   */
  maintenance(id: string, on: boolean, reason?: string, node?: string): void {
    const found = this.#find(id, node);
    this.#setMaintenance(found.node, id, on, reason);
  }

  /**
   * Enables or disables maintenance for a whole node.
   *
   * @param on Whether to enable it.
   * @param reason Reason, for people.
   * @param node Name of the node. @default {the agent's own}
   * @throws {RangeError} when there is no such node.
   */
  nodeMaintenance(on: boolean, reason?: string, node: string = this.node): void {
    const row = this.#catalog.node(node)?.row;
    if (row === undefined) {
      throw new RangeError(
        `Cannot set maintenance of node ${JSON.stringify(node)}: it is not registered`,
      );
    }
    this.#setMaintenance(withoutIndexes<NodeEntry>(row), "", on, reason);
  }

  #setMaintenance(node: NodeEntry, serviceId: string, on: boolean, reason = ""): void {
    const check = maintenanceCheck(serviceId, reason);
    if (on) this.#catalog.write({ node, checks: [check] });
    else this.#catalog.removeCheck(node.name, check.id, node.peer);
  }

  #isOwn(node: NodeEntry): boolean {
    return node.name === this.node && node.peer === "";
  }

  #find(id: string, node?: string): { node: NodeEntry; service: ServiceRow } {
    const all = this.#catalog.nodes.map(({ name, peer }) => ({ name, peer }));
    const nodes = node === undefined
      ? [{ name: this.node, peer: "" }, ...all]
      : all.filter(({ name }) => name === node);
    for (const { name, peer } of nodes) {
      const state = this.#catalog.node(name, peer);
      const service = state?.services.get(id);
      if (state !== undefined && service !== undefined) {
        return { node: withoutIndexes<NodeEntry>(state.row), service };
      }
    }
    throw new RangeError(`Cannot find instance ${JSON.stringify(id)}: it is not registered`);
  }
}
