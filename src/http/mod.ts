/**
 * Lookups over HTTP: Hono routes to serve as they are or to mount in an app of your own.
 *
 * @module
 */
export type { Lookups } from "./lookups.ts";
export { routes } from "./routes.ts";
