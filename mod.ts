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
export type { OnDemandOptions } from "./src/client/create_on_demand.ts";
export type { OnDemandPiloted } from "./src/client/on_demand.ts";
export { Piloted } from "./src/client/piloted.ts";
export type {
  BalancerChoice,
  EmptyPolicy,
  HealthPolicy,
  PilotedOptions,
} from "./src/client/options.ts";
export type {
  BalanceEvent,
  PilotedEvents,
  PilotedListener,
  RefreshEvent,
} from "./src/client/events.ts";
export type {
  PilotedStatus,
  ServiceStatus,
  WatchStateName,
  WatchStatus,
} from "./src/watch/status.ts";
export type {
  Config,
  ConfigWarning,
  ConsulConfig,
  RegistrationConfig,
  TlsConfig,
  WatchConfig,
} from "./src/config/config.ts";
export { loadConfig, parseConfig, renderTemplate } from "./src/client/read_config.ts";
export type { LoadConfigOptions } from "./src/config/load_config.ts";
export type { ParseConfigOptions } from "./src/config/parse_config.ts";
export type { ConfigInput } from "./src/config/resolve_config.ts";
export type {
  ConfigObject,
  ConsulObject,
  JobObject,
  WatchObject,
} from "./src/config/config_object.ts";
export type { RenderTemplateOptions } from "./src/template/render_template.ts";
export type { TemplateLimits } from "./src/template/limits.ts";
export { type Endpoint, type EndpointStatus } from "./src/endpoint.ts";
export type { Change } from "./src/snapshot.ts";
export { PilotedError, type PilotedErrorCode, type PilotedErrorOptions } from "./src/errors.ts";
export type { Clock, Timer } from "./src/clock.ts";
export { type StaticEndpoint, type StaticServices, StaticSource } from "./src/source/static.ts";
export type {
  Consistency,
  Freshness,
  Query,
  Reading,
  ReadOptions,
  Source,
} from "./src/source/source.ts";
export type { FetchOptions, HedgeOptions, RetryBudgetOptions } from "./src/fetch/fetch_options.ts";
export type { FetchSource } from "./src/fetch/fetch_source.ts";
export type {
  FetchCall,
  FetchCallObserver,
  FetchEnd,
  FetchObserver,
} from "./src/fetch/fetch_observer.ts";
export type { AttemptOutcome, RequestAttempt } from "./src/request_attempt.ts";
export type { Lease, Outcome } from "./src/balance/lease.ts";
export type { BalanceFunction, Candidate, PickOptions } from "./src/balance/balancer.ts";
export type { BalancerName } from "./src/balance/create_balancer.ts";
export type {
  FailurePercentageOptions,
  OutlierOptions,
  SuccessRateOptions,
} from "./src/balance/outlier_options.ts";
export type {
  EjectedEvent,
  EjectionReason,
  PanicEvent,
  PoolEvent,
  ReadmittedEvent,
} from "./src/balance/pool_event.ts";
export type { EndpointLoad, PoolStatus } from "./src/balance/pool_status.ts";
