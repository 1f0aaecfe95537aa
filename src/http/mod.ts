/**
 * Lookups over HTTP: Hono routes to mount in your own application (`routes()`), and a complete
 * service with a dashboard and authentication (`service()`).
 *
 * @module
 */
export type { AccessLogEntry } from "./access_log.ts";
export type { LookupClient } from "./lookup_client.ts";
export { FetchMetrics } from "./metrics/fetch_metrics.ts";
export { LabelledCounter } from "./metrics/labelled_counter.ts";
export type { RoutesOptions, ServiceOptions } from "./options.ts";
export type { ErrorListener } from "./routes/problem.ts";
export { routes } from "./routes.ts";
export { service } from "./service.ts";
