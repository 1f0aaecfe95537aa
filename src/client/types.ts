/**
 * Types that the types of `@piloted/core` are made of: options inside of options, parts of a status
 * and of events. For programs that name them; most need none.
 *
 * ```ts
 * import type { PilotedOptions } from "@piloted/core";
 * import type { HealthPolicy } from "@piloted/core/types";
 *
 * const health: HealthPolicy = "passing";
 * const options: PilotedOptions = { health };
 * ```
 *
 * @module
 */
export type { ErrorPosition, FactsByCode } from "../any_piloted_error.ts";
export type { EndpointStatus } from "../endpoint.ts";
export type { InstanceCounts, PilotedErrorOptions } from "../errors.ts";
export type { AttemptOutcome } from "../request_attempt.ts";
export type { ChangedEndpoint } from "../snapshot.ts";
export type { BalancerName } from "../balance/create_balancer.ts";
export type { Outcome } from "../balance/lease.ts";
export type {
  FailurePercentageOptions,
  OutlierOptions,
  SuccessRateOptions,
} from "../balance/outlier_options.ts";
export type {
  EjectedEvent,
  EjectionReason,
  PanicEvent,
  PoolEvent,
  ReadmittedEvent,
} from "../balance/pool_event.ts";
export type { EndpointLoad, PoolStatus } from "../balance/pool_status.ts";
export type { BalanceEvent, RefreshEvent } from "./events.ts";
export type { Inspection, Instance } from "./inspect.ts";
export type { WatchHandle } from "./add_watch.ts";
export type { BalancerChoice } from "./options.ts";
export type { FailoverTarget } from "./failover_target.ts";
export type { HealthCheckOptions } from "./health_check_options.ts";
export type { EndpointFilter } from "../endpoint_filter.ts";
export type { TrafficSplit } from "../balance/split.ts";
export type { SubsetOptions } from "../balance/subset.ts";
export type { FetchRoute } from "../fetch/routes.ts";
export type { WaitForEndpointsOptions, WaitOptions, WatchServiceOptions } from "./wait_options.ts";
export type { Standing } from "../source/source.ts";
export type {
  ConsulConfig,
  LoginConfig,
  PatternConfig,
  RegistrationConfig,
  StaticService,
  TlsConfig,
  TokenProvider,
  UpstreamConfig,
} from "../config/config.ts";
export type {
  BackendObject,
  Checked,
  ConsulObject,
  EndpointObject,
  JobObject,
  PatternObject,
  Registrable,
  ServiceObject,
  TlsObject,
  UpstreamObject,
  Watched,
  WatchFacts,
  WatchObject,
} from "../config/config_object.ts";
export type { LoadConfigOptions } from "../config/load_config.ts";
export type { Missing, ParseConfigOptions } from "../config/parse_config.ts";
export type { NamesOf, Rendered } from "../config/service_names.ts";
export type { FetchCall, FetchCallObserver, FetchEnd } from "../fetch/fetch_observer.ts";
export type { RetryBudgetOptions } from "../fetch/fetch_options.ts";
export type { HedgeOptions } from "../fetch/hedge_options.ts";
export type { FetchSource } from "../fetch/fetch_source.ts";
export type { ResponseVerdict } from "../fetch/classify.ts";
export type { FetchCallOptions, PilotedRequestInit } from "../fetch/call_options.ts";
export type { Environment } from "../runtime/environment.ts";
export type { Reach } from "../reach.ts";
export type {
  CheckResult,
  Consistency,
  Freshness,
  Listing,
  ListQuery,
  Summary,
} from "../source/source.ts";
export type { StaticEndpoint } from "../source/static.ts";
export type { EmptyPolicy, HealthPolicy, NodeFailurePolicy } from "../watch/policies.ts";
export type { WatchStateName } from "../watch/status.ts";
