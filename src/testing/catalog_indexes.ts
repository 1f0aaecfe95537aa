/**
 * The indexes that a catalog reports for its services.
 *
 * @module
 */

/** Tables with a separate index. */
export type Table = "nodes" | "services" | "checks";

/**
 * Decides which write changes which index, as Consul's state store does
 * (`agent/consul/state/catalog.go` of Consul 1.8). Blocking queries depend on these rules.
 */
export class CatalogIndexes {
  readonly #tables: Record<Table, bigint> = { nodes: 0n, services: 0n, checks: 0n };
  readonly #services = new Map<string, bigint>();
  #lastExtinction: bigint | undefined;

  /** Index of the last write to any service. */
  get services(): bigint {
    return this.#tables.services;
  }

  /** Index of the last write to anything. */
  get all(): bigint {
    const { nodes, services, checks } = this.#tables;
    return highest(highest(nodes, services), checks);
  }

  /**
   * Records a write to a table.
   *
   * @param table The table.
   * @param index Index of the write.
   */
  touchTable(table: Table, index: bigint): void {
    this.#tables[table] = index;
  }

  /**
   * Records a change of one service.
   *
   * @param key Name of the service in lower case.
   * @param index Index of the write.
   */
  touchService(key: string, index: bigint): void {
    this.#services.set(key, index);
  }

  /**
   * Records that the last instance of a service was removed.
   *
   * @param key Name of the service in lower case.
   * @param index Index of the write.
   */
  removeService(key: string, index: bigint): void {
    this.#services.delete(key);
    this.#lastExtinction = index;
  }

  /**
   * Sets all indexes to one value.
   *
   * @param index The new value.
   */
  reset(index: bigint): void {
    for (const table of ["nodes", "services", "checks"] as const) this.#tables[table] = index;
    for (const key of this.#services.keys()) this.#services.set(key, index);
    this.#lastExtinction = undefined;
  }

  /**
   * Returns the index that is reported for a service.
   *
   * A service that does not exist has the index of the last service that was removed, so that a
   * blocking query for a service notices its removal. If none was ever removed, it has the index of
   * the whole catalog.
   *
   * @param key Name of the service in lower case.
   * @param health Whether changes of checks count, as for the health endpoint.
   * @returns The index, or 0 if nothing was ever written.
   */
  ofService(key: string, health: boolean): bigint {
    const own = this.#services.get(key) ?? this.#lastExtinction;
    if (own !== undefined) return own;
    const { nodes, services } = this.#tables;
    return health ? this.all : highest(nodes, services);
  }
}

function highest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
