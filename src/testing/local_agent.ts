/**
 * The agent of one node: its registrations and TTL checks.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Catalog } from "./catalog.ts";
import type { CheckEntry, NodeEntry, ServiceEntry } from "./catalog_entry.ts";
import {
  type CheckDefinition,
  maintenanceCheck,
  serviceEntry,
  withoutIndexes,
  withOwnAddresses,
} from "./entries.ts";
import { TtlChecks } from "./ttl_checks.ts";

/** Registers the services and checks of one node in the catalog, as a Consul agent does. */
export class LocalAgent {
  /** Its node. */
  readonly node: NodeEntry;
  readonly #catalog: Catalog;
  readonly #ttl: TtlChecks;

  /**
   * Creates an agent and registers its node as a server.
   *
   * @param catalog Catalog to register in.
   * @param node Its node.
   * @param clock Clock of the TTL checks.
   * @param release Its version.
   */
  constructor(catalog: Catalog, node: NodeEntry, clock: Clock, release: string) {
    this.#catalog = catalog;
    this.node = node;
    this.#ttl = new TtlChecks(
      clock,
      (id) => this.#expire(id),
      (id) => this.#removeServiceOf(id),
    );
    catalog.write({
      node,
      service: serviceEntry({ name: "consul", port: 8300, meta: { version: release } }),
      checks: [{
        id: "serfHealth",
        name: "Serf Health Status",
        status: "passing",
        notes: "",
        output: "Agent alive and reachable",
        serviceId: "",
        type: "",
      }],
    });
  }

  /** Services that run on the node, without the server itself. */
  get services(): readonly ServiceEntry[] {
    const services = this.#catalog.node(this.node.name)?.services.values() ?? [];
    return [...services].filter((service) => service.id !== "consul");
  }

  /** Checks of the node and its services, without Consul's own. */
  get checks(): readonly CheckEntry[] {
    const checks = this.#catalog.node(this.node.name)?.checks.values() ?? [];
    return [...checks].filter((check) => check.id !== "serfHealth");
  }

  /**
   * Registers a service and its checks.
   *
   * @param service The service.
   * @param checks Its checks.
   * @param keep Whether an existing check keeps its state, as in Consul. @default {true}
   */
  addService(service: ServiceEntry, checks: readonly CheckDefinition[], keep = true): void {
    const definitions = keep ? checks.map((check) => this.#kept(check)) : checks;
    this.#catalog.write({
      node: this.node,
      service: withOwnAddresses(service),
      checks: definitions.map(({ entry }) => entry),
    });
    for (const definition of definitions) this.#watch(definition);
  }

  /**
   * Removes a service and its checks; an unknown id is ignored.
   *
   * @param id Its id.
   */
  removeService(id: string): void {
    for (const check of this.checks) {
      if (check.serviceId === id) this.#ttl.delete(check.id);
    }
    this.#catalog.removeService(this.node.name, id);
  }

  /**
   * Registers a check; an existing one keeps its state.
   *
   * @param check The check.
   */
  addCheck(check: CheckDefinition): void {
    const kept = this.#kept(check);
    this.#catalog.write({ node: this.node, checks: [kept.entry] });
    this.#watch(kept);
  }

  /**
   * Removes a check; an unknown id is ignored.
   *
   * @param id Its id.
   */
  removeCheck(id: string): void {
    this.#ttl.delete(id);
    this.#catalog.removeCheck(this.node.name, id);
  }

  /**
   * Updates a TTL check.
   *
   * @param id Id of the check.
   * @param status New state.
   * @param output Output of the check.
   * @returns `false` if there is no TTL check with this id.
   */
  report(id: string, status: string, output: string): boolean {
    if (!this.#ttl.has(id)) return false;
    this.setStatus(id, status, shortened(output));
    return true;
  }

  /**
   * Sets the state of a check, with or without a TTL.
   *
   * @param id Id of the check.
   * @param status New state.
   * @param output Output of the check.
   */
  setStatus(id: string, status: string, output: string): void {
    this.#ttl.report(id, status === "critical");
    this.#update(id, status, output);
  }

  /**
   * Enables or disables maintenance for a service or the whole node.
   *
   * @param serviceId Id of the service, `""` for the node.
   * @param on Whether to enable it.
   * @param reason Reason, for people.
   */
  setMaintenance(serviceId: string, on: boolean, reason: string): void {
    const check = maintenanceCheck(serviceId, reason);
    if (!on) return this.removeCheck(check.id);
    // If maintenance is already enabled, its reason is kept.
    if (this.#catalog.node(this.node.name)?.checks.has(check.id)) return;
    this.#catalog.write({ node: this.node, checks: [check] });
  }

  /** Forgets all services and checks, as an agent that was restarted without its data. */
  reset(): void {
    for (const { id } of this.services) this.removeService(id);
    for (const { id } of this.checks) this.removeCheck(id);
  }

  /** Stops all timers. */
  close(): void {
    this.#ttl.clear();
  }

  #kept(check: CheckDefinition): CheckDefinition {
    const old = this.#catalog.node(this.node.name)?.checks.get(check.entry.id);
    if (old === undefined) return check;
    return { ...check, entry: { ...check.entry, status: old.status, output: old.output } };
  }

  #watch({ entry, ttlMs, deregisterAfterMs }: CheckDefinition): void {
    this.#ttl.delete(entry.id);
    if (ttlMs === undefined && deregisterAfterMs === undefined) return;
    this.#ttl.add(entry.id, { ttlMs, deregisterAfterMs }, entry.status === "critical");
  }

  #expire(id: string): void {
    const last = this.#catalog.node(this.node.name)?.checks.get(id)?.output;
    const tail = last ? ` (last output before timeout follows): ${last}` : "";
    this.#update(id, "critical", `TTL expired${tail}`);
  }

  #removeServiceOf(check: string): void {
    const id = this.#catalog.node(this.node.name)?.checks.get(check)?.serviceId;
    if (id) this.removeService(id);
  }

  #update(id: string, status: string, output: string): void {
    const row = this.#catalog.node(this.node.name)?.checks.get(id);
    if (row === undefined) return;
    const entry: CheckEntry = { ...withoutIndexes<CheckEntry>(row), status, output };
    this.#catalog.write({ node: this.node, checks: [entry] });
  }
}

// `checks.DefaultBufSize` of `agent/checks/check.go`, in bytes.
const LARGEST_OUTPUT = 4096;

function shortened(output: string): string {
  const bytes = new TextEncoder().encode(output);
  if (bytes.length <= LARGEST_OUTPUT) return output;
  const start = new TextDecoder().decode(bytes.subarray(0, LARGEST_OUTPUT));
  return `${start} ... (captured ${LARGEST_OUTPUT} of ${bytes.length} bytes)`;
}
