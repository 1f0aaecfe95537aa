/**
 * Service discovery for Deno, Bun and Node: current, healthy addresses of the services that an
 * application depends on, from Consul and the application's `containerpilot.json5`.
 *
 * ```ts
 * import { close, config, service } from "@piloted/core";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * // In an application: await config("/etc/containerpilot.json5"), or nothing at all where the
 * // environment variable CONTAINERPILOT names the file.
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await config({ consul: "127.0.0.1:8500", watches: [{ name: "customers", interval: 5 }] }, {
 *   fetch: consul.fetch,
 * });
 *
 * const { address, port } = await service("customers");
 * assertEquals(`${address}:${port}`, "10.0.0.1:8080");
 * await close();
 * ```
 *
 * @module
 */
export {
  acquire,
  close,
  config,
  on,
  pick,
  refresh,
  service,
  serviceHosts,
  status,
  watch,
} from "./src/client/default_client.ts";
export { createFetch } from "./src/client/create_fetch.ts";
export { createPiloted, type CreatePilotedOptions } from "./src/client/create_piloted.ts";
export type { Piloted } from "./src/client/piloted.ts";
export type { PilotedOptions } from "./src/client/options.ts";
export type { Logger } from "./src/client/log_events.ts";
export type { PilotedEvent, PilotedEvents, PilotedListener } from "./src/client/events.ts";
export type { PilotedStatus, ServiceStatus, WatchStatus } from "./src/watch/status.ts";
export type { Config, ConfigWarning, WatchConfig } from "./src/config/config.ts";
export { loadConfig, parseConfig, renderTemplate } from "./src/client/read_config.ts";
export type { ConfigInput } from "./src/config/resolve_config.ts";
export type { ConfigObject } from "./src/config/config_object.ts";
export type { ServiceNames } from "./src/config/service_names.ts";
export type { Secret } from "./src/secret.ts";
export type { Endpoint } from "./src/endpoint.ts";
export type { Change } from "./src/snapshot.ts";
export { PilotedError, type PilotedErrorCode } from "./src/errors.ts";
export { type AnyPilotedError, isPilotedError } from "./src/any_piloted_error.ts";
export type { Fetch } from "./src/platform_fetch.ts";
export type { Clock, Timer } from "./src/clock.ts";
export { type StaticServices, StaticSource } from "./src/source/static.ts";
export type { Query, Reading, ReadOptions, Source } from "./src/source/source.ts";
export type { FetchOptions } from "./src/fetch/fetch_options.ts";
export type { PilotedFetch } from "./src/fetch/call_options.ts";
export type { FetchObserver } from "./src/fetch/fetch_observer.ts";
export type { RequestAttempt } from "./src/request_attempt.ts";
export type { Lease } from "./src/balance/lease.ts";
export type { BalanceFunction, PickOptions } from "./src/balance/balancer.ts";
export type { Candidate } from "./src/balance/candidate.ts";
