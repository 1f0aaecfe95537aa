/**
 * Registering this process in Consul without watching anything, and the types of registrations.
 *
 * With a client use `Piloted.register()`, which needs nothing of this module.
 *
 * ```ts
 * import { createRegistration } from "@piloted/core/registration";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 *
 * const consul = new EmbeddedConsul();
 * const registration = await createRegistration({
 *   name: "orders",
 *   port: 8080,
 *   config: { consul: "127.0.0.1:8500" },
 *   fetch: consul.fetch,
 *   drainMs: 0,
 * });
 * await registration.ready;
 * await registration.close();
 * await consul.close();
 * ```
 *
 * @module
 */
export { createRegistration, type CreateRegistrationOptions } from "./create_registration.ts";
export type { JobChecks } from "./job_options.ts";
export type {
  AgentCheckDefinition,
  AgentCheckOptions,
  CheckResult,
  HeartbeatOptions,
  RegisterOptions,
  TaggedAddress,
} from "./options.ts";
export type { Registration } from "./registration.ts";
export type {
  CheckHealth,
  HeartbeatLatency,
  LateParty,
  MissedTtl,
  RegistrationState,
  RegistrationStatus,
} from "../registration_status.ts";
