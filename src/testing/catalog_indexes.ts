/**
 * The indexes under which a catalog reports its services.
 *
 * @module
 */

/** What has an index of its own. */
export type Table = "nodes" | "services" | "checks";

/**
 * Which write moves which index, after Consul's state store (`agent/consul/state/catalog.go` of
 * Consul 1.8): a blocking query of a client depends on exactly these rules.
 */
export class CatalogIndexes {
  readonly #tables: Record<Table, bigint> = { nodes: 0n, services: 0n, checks: 0n };
  readonly #services = new Map<string, bigint>();
  #lastExtinction: bigint | undefined;

  /** Index of the last write to any service. */
  get services(): bigint {
    return this.#tables.services;
  }

  /**
   * Notes a write to a table.
   *
   * @param table The table.
   * @param index Index of the write.
   */
  touchTable(table: Table, index: bigint): void {
    this.#tables[table] = index;
  }

  /**
   * Notes a change of one service.
   *
   * @param key Name of the service in lower case.
   * @param index Index of the write.
   */
  touchService(key: string, index: bigint): void {
    this.#services.set(key, index);
  }

  /**
   * Notes that the last instance of a service has gone.
   *
   * @param key Name of the service in lower case.
   * @param index Index of the write.
   */
  removeService(key: string, index: bigint): void {
    this.#services.delete(key);
    this.#lastExtinction = index;
  }

  /**
   * Sets everything to one index.
   *
   * @param index The index.
   */
  reset(index: bigint): void {
    for (const table of ["nodes", "services", "checks"] as const) this.#tables[table] = index;
    for (const key of this.#services.keys()) this.#services.set(key, index);
    this.#lastExtinction = undefined;
  }

  /**
   * The index under which a service is reported.
   *
   * A service that does not exist has the index of the last service that vanished, so that a
   * blocking query sees its own service vanish; before any has, the index of the whole catalog.
   *
   * @param key Name of the service in lower case.
   * @param health Whether checks count, as for the health endpoint.
   * @returns The index, 0 where nothing was ever written.
   */
  ofService(key: string, health: boolean): bigint {
    const own = this.#services.get(key) ?? this.#lastExtinction;
    if (own !== undefined) return own;
    const { nodes, services, checks } = this.#tables;
    return highest(highest(nodes, services), health ? checks : 0n);
  }
}

function highest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
