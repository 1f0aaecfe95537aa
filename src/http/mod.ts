/**
 * Lookups over HTTP: Hono routes to mount in an app of your own, and a whole service to run.
 *
 * @module
 */
export type { AccessLogEntry } from "./access_log.ts";
export { FetchTally } from "./fetch_tally.ts";
export type { Lookups } from "./lookups.ts";
export { routes, type RoutesOptions } from "./routes.ts";
export { service, type ServiceOptions } from "./service.ts";
