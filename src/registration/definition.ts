/**
 * What is registered: the body that Consul's agent receives.
 *
 * @module
 */
import type { CheckHealth } from "../registration_status.ts";
import type { AgentCheckDefinition, RegisterOptions, ResolvedHeartbeat } from "./options.ts";

/** Body of `/v1/agent/service/register`. */
export interface ServiceBody {
  readonly ID: string;
  readonly Name: string;
  readonly Port: number;
  readonly Address?: string;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly EnableTagOverride: boolean;
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
  readonly TaggedAddresses?: Readonly<Record<string, { Address: string; Port: number }>>;
  readonly Checks: readonly Readonly<Record<string, unknown>>[];
  readonly Namespace?: string;
  readonly Partition?: string;
}

/** What is registered, with everything decided that the options leave open. */
export interface Definition {
  /** Id of the instance. */
  readonly id: string;
  /** Address; `""` for the agent's own. */
  readonly address: string;
  /** Id of the TTL check. */
  readonly checkId: string;
  /** What the caller gave. */
  readonly options: RegisterOptions;
  /** The heartbeat. */
  readonly heartbeat: ResolvedHeartbeat;
}

/** How long an instance may be critical, in milliseconds, before Consul removes it. */
const DEREGISTER_CRITICAL_MS = 3_600_000;

/**
 * The body to register.
 *
 * @param definition What is registered.
 * @param status Status of its TTL check if the agent does not know it yet.
 * @returns The body. Every check has an id of its own: those that Consul makes up change with the
 * number of checks.
 */
export function serviceBody(definition: Definition, status: CheckHealth): ServiceBody {
  const { id, address, options } = definition;
  const { name, port, ports = {}, tags = [], meta = {}, weights, taggedAddresses } = options;
  const named = Object.entries(ports).map(([key, value]) => [`port-${key}`, String(value)]);
  const tagged = Object.entries(taggedAddresses ?? {}).map(([key, { address, port }]) =>
    [key, { Address: address, Port: port }] as const
  );
  return {
    ID: id,
    Name: name,
    Port: port,
    ...address !== "" && { Address: address },
    Tags: tags,
    Meta: { ...Object.fromEntries(named), ...meta },
    EnableTagOverride: options.enableTagOverride ?? false,
    ...weights && { Weights: { Passing: weights.passing, Warning: weights.warning } },
    ...tagged.length > 0 && { TaggedAddresses: Object.fromEntries(tagged) },
    Checks: [
      ttlCheck(definition, status),
      ...(options.checks ?? []).map((check, index) => agentCheck(check, id, index)),
    ],
    ...options.namespace && { Namespace: options.namespace },
    ...options.partition && { Partition: options.partition },
  };
}

function ttlCheck(definition: Definition, status: CheckHealth): Record<string, unknown> {
  const { checkId, heartbeat: { ttlMs, notes }, options } = definition;
  const { name, deregisterCriticalAfterMs: removeMs = DEREGISTER_CRITICAL_MS } = options;
  return {
    CheckID: checkId,
    Name: `Service '${name}' check`,
    TTL: goDuration(ttlMs),
    Status: status,
    ...notes && { Notes: notes },
    ...removeMs > 0 && { DeregisterCriticalServiceAfter: goDuration(removeMs) },
  };
}

function agentCheck(
  check: AgentCheckDefinition,
  id: string,
  index: number,
): Record<string, unknown> {
  const { name, timeoutMs, initialStatus, tlsSkipVerify } = check;
  const { successBeforePassing, failuresBeforeCritical } = check;
  return {
    CheckID: check.id ?? `service:${id}:${index + 2}`,
    ...name && { Name: name },
    ...kindOf(check),
    Interval: goDuration(check.intervalMs),
    ...timeoutMs !== undefined && { Timeout: goDuration(timeoutMs) },
    ...initialStatus && { Status: initialStatus },
    ...successBeforePassing !== undefined && { SuccessBeforePassing: successBeforePassing },
    ...failuresBeforeCritical !== undefined && { FailuresBeforeCritical: failuresBeforeCritical },
    ...tlsSkipVerify !== undefined && { TLSSkipVerify: tlsSkipVerify },
  };
}

function kindOf(check: AgentCheckDefinition): Record<string, unknown> {
  if ("tcp" in check) return { TCP: check.tcp };
  if ("grpc" in check) return { GRPC: check.grpc, GRPCUseTLS: check.grpcUseTls ?? false };
  const { http, method, headers } = check;
  const lists = Object.entries(headers ?? {}).map(([key, value]) => [key, [value]]);
  return { HTTP: http, ...method && { Method: method }, Header: Object.fromEntries(lists) };
}

// In milliseconds: Go's shortest unit that every number of milliseconds fits without a fraction.
function goDuration(milliseconds: number): string {
  const whole = Math.max(1, Math.round(milliseconds));
  return whole % 1_000 === 0 ? `${whole / 1_000}s` : `${whole}ms`;
}
