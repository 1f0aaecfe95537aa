/**
 * For tests of applications that use Piloted: a Consul agent inside the process, and a clock that the
 * test advances.
 *
 * @example
 * ```ts
 * import { EmbeddedConsul } from "@piloted/core/testing";
 *
 * await using consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * // Pass `fetch: consul.fetch` to Piloted; the address in its configuration does not matter then.
 * ```
 *
 * @module
 */
export type { Clock, Timer } from "../clock.ts";
export type { Listener, ListenOptions } from "../runtime/listen.ts";
export type { RefusedRequest, ShedReason } from "../runtime/server.ts";
export type {
  Access,
  AccessRules,
  AuthMethod,
  EmbeddedAcl,
  TokenGrant,
  TokenRules,
} from "./acl.ts";
export type { CheckStatus } from "./catalog_entry.ts";
export { EmbeddedConsul, type SeenRequest } from "./embedded_consul.ts";
export type { EmbeddedConsulOptions } from "./embedded_consul_options.ts";
export { EmbeddedDatacenter } from "./embedded_datacenter.ts";
export type { EmbeddedCheck, EmbeddedLocality, EmbeddedService } from "./entries.ts";
export type { Fault, FaultMatch } from "./fault.ts";
export { type Faults, faults, type RateLimitOptions } from "./faults.ts";
export { ManualClock } from "./manual_clock.ts";
export { CONSUL_VERSIONS, type ConsulVersion } from "./wire_profile.ts";
