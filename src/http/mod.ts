/**
 * LookupClient over HTTP: Hono routes to mount in an app of your own, and a whole service to run.
 *
 * @module
 */
export type { AccessLogEntry } from "./access_log.ts";
export { FetchMetrics } from "./metrics/fetch_metrics.ts";
export type { LookupClient } from "./lookup_client.ts";
export { routes, type RoutesOptions } from "./routes.ts";
export { service, type ServiceOptions } from "./service.ts";
