/**
 * One datacenter of the embedded Consul, to be changed from code.
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
   * Made by `EmbeddedConsul`.
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
   * Registers an instance of a service, or registers it anew under its id.
   *
   * @param service The instance.
   * @returns Its id.
   */
  register(service: EmbeddedService): string {
    const entry = serviceEntry(service);
    const given = service.checks ?? (service.status ? [{ status: service.status }] : []);
    const checks = serviceChecks(entry, given);
    if (service.node === undefined || service.node === this.node) {
      // What is said here counts, also for a check that is known already.
      this.#agent.addService(entry, checks, false);
    } else {
      const node = externalNodeEntry(service.node, service.nodeAddress ?? "127.0.0.1");
      this.#catalog.write({ node, service: entry, checks: checks.map(({ entry }) => entry) });
    }
    return entry.id;
  }

  /**
   * Removes an instance with its checks.
   *
   * @param id Its id.
   * @param node Name of its node, where two nodes have the same id.
   * @throws {RangeError} when there is no such instance.
   */
  deregister(id: string, node?: string): void {
    const found = this.#find(id, node);
    if (found.node.name === this.node) this.#agent.removeService(id);
    else this.#catalog.removeService(found.node.name, id);
  }

  /**
   * Sets the state of an instance, in a check that is made for it when it has none.
   *
   * @param id Id of the instance.
   * @param status New state of its check `service:<id>`.
   * @param output What the check printed. @default {""}
   * @param node Name of its node, where two nodes have the same id.
   * @throws {RangeError} when there is no such instance.
   */
  setStatus(id: string, status: CheckStatus, output = "", node?: string): void {
    const found = this.#find(id, node);
    const old = this.#catalog.node(found.node.name)?.checks.get(`service:${id}`);
    const entry: CheckEntry = old !== undefined
      ? { ...withoutIndexes<CheckEntry>(old), status, output }
      : serviceChecks(found.service, [{ status, output }])[0]!.entry;
    this.#catalog.write({ node: found.node, checks: [entry] });
  }

  /**
   * Puts an instance into maintenance, which Consul reports as a critical check, or out of it.
   *
   * @param id Id of the instance.
   * @param on Whether it is in maintenance from now on.
   * @param reason Why, for people.
   * @param node Name of its node, where two nodes have the same id.
   * @throws {RangeError} when there is no such instance.
   */
  maintenance(id: string, on: boolean, reason?: string, node?: string): void {
    const found = this.#find(id, node);
    this.#setMaintenance(found.node, id, on, reason);
  }

  /**
   * Puts a whole node into maintenance, or out of it.
   *
   * @param on Whether it is in maintenance from now on.
   * @param reason Why, for people.
   * @param node Name of the node. @default {the agent's own}
   * @throws {RangeError} when there is no such node.
   */
  nodeMaintenance(on: boolean, reason?: string, node: string = this.node): void {
    const row = this.#catalog.node(node)?.row;
    if (row === undefined) {
      throw new RangeError(`Cannot set maintenance: no node of this name, received ${node}`);
    }
    this.#setMaintenance(withoutIndexes<NodeEntry>(row), "", on, reason);
  }

  #setMaintenance(node: NodeEntry, serviceId: string, on: boolean, reason = ""): void {
    const check = maintenanceCheck(serviceId, reason);
    if (on) this.#catalog.write({ node, checks: [check] });
    else this.#catalog.removeCheck(node.name, check.id);
  }

  #find(id: string, node?: string): { node: NodeEntry; service: ServiceRow } {
    const names = node === undefined ? [this.node, ...this.#catalog.nodeNames] : [node];
    for (const name of names) {
      const state = this.#catalog.node(name);
      const service = state?.services.get(id);
      if (state !== undefined && service !== undefined) {
        return { node: withoutIndexes<NodeEntry>(state.row), service };
      }
    }
    throw new RangeError(`Cannot find the service: no instance has this id, received ${id}`);
  }
}
