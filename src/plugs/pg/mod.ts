/**
 * A pool of node-postgres whose connections follow a service: each new one goes to a healthy endpoint,
 * and those to an endpoint that is not listed any more are replaced.
 *
 * ```ts ignore
 * import { createPiloted } from "@piloted/core";
 * import { PilotedPool } from "@piloted/core/pg";
 *
 * const piloted = await createPiloted();
 * const pool = new PilotedPool(piloted, "db", { user: "app", database: "shop", max: 20 }, {
 *   tags: ["primary"],
 * });
 * const { rows } = await pool.query("SELECT * FROM orders WHERE id = $1", [7]);
 * ```
 *
 * @module
 */
export { PilotedPool } from "./piloted_pool.ts";
export type { PilotedPoolConfig, PilotedPoolOptions } from "./pool_options.ts";
