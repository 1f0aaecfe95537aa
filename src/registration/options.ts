/**
 * Options of `register()` and `createRegistration()`.
 *
 * @module
 */
import { checkAddress, describeValue, isPort } from "../address.ts";
import { checkOptions, type OptionRule } from "../check_options.ts";
import type { CheckHealth } from "../registration_status.ts";
import { parseInterfaceRule } from "./select_address.ts";

/** What a check of the application found: a status, or a status with a text for people. */
export type CheckResult =
  | CheckHealth
  | boolean
  | void
  | { readonly status: CheckHealth; readonly output?: string | undefined };

/** How the health of this process is reported. */
export interface HeartbeatOptions {
  /**
   * Milliseconds after which Consul makes the instance critical when no heartbeat arrives.
   *
   * @default {3 times intervalMs, else 30_000}
   */
  readonly ttlMs?: number | undefined;
  /** Milliseconds between two heartbeats, each 10 % earlier or later. @default {a third of ttlMs} */
  readonly intervalMs?: number | undefined;
  /**
   * The application's own check, called before each heartbeat. Nothing, `true` and `"passing"` pass;
   * `false`, a rejection and a check that takes too long fail.
   *
   * @default {undefined: passing until fail() or warn() is called}
   */
  readonly run?: ((signal: AbortSignal) => CheckResult | Promise<CheckResult>) | undefined;
  /** Maximum duration of `run`, in milliseconds. @default {intervalMs, at most a third of ttlMs} */
  readonly timeoutMs?: number | undefined;
  /** How many times in a row `run` fails before critical is reported. @default {1} */
  readonly failuresBeforeCritical?: number | undefined;
  /**
   * Whether failures of `run` are reported. With `false` nothing is sent after a failure, and the
   * instance becomes critical when its TTL expires, as with ContainerPilot.
   *
   * @default {true}
   */
  readonly reportFailures?: boolean | undefined;
  /** Id of the TTL check. @default {"service:" and the id of the instance} */
  readonly id?: string | undefined;
  /** Notes of the TTL check, for people. @default {undefined} */
  readonly notes?: string | undefined;
}

interface AgentCheckOptions {
  /** Id, unique on the agent. @default {"service:ID:" and its position from 2} */
  readonly id?: string | undefined;
  /** Name. @default {Consul's own} */
  readonly name?: string | undefined;
  /** Milliseconds between two runs by the agent. */
  readonly intervalMs: number;
  /** Maximum duration of a run in milliseconds. @default {Consul's own, 10 s} */
  readonly timeoutMs?: number | undefined;
  /** Status until the first run. @default {"critical"} */
  readonly initialStatus?: CheckHealth | undefined;
  /** Successes in a row before it passes. @default {0} */
  readonly successBeforePassing?: number | undefined;
  /** Failures in a row before it is critical. @default {0} */
  readonly failuresBeforeCritical?: number | undefined;
  /** Whether certificates are not verified. @default {false} */
  readonly tlsSkipVerify?: boolean | undefined;
}

/** A check that the Consul agent runs by itself. */
export type AgentCheckDefinition =
  & AgentCheckOptions
  & (
    | {
      /** URL that must answer 2xx; 429 is a warning. */
      readonly http: string;
      /** HTTP method. @default {"GET"} */
      readonly method?: string | undefined;
      /** Request headers. @default {{}} */
      readonly headers?: Readonly<Record<string, string>> | undefined;
    }
    | {
      /** `host:port` that must accept a connection. */
      readonly tcp: string;
    }
    | {
      /** `host:port` or `host:port/service` that must answer gRPC's health check. */
      readonly grpc: string;
      /** Whether TLS is used. @default {false} */
      readonly grpcUseTls?: boolean | undefined;
    }
  );

/** An address under which the instance is known elsewhere. */
export interface TaggedAddress {
  /** IP address or host name. */
  readonly address: string;
  /** Port. */
  readonly port: number;
}

/** Options of `register()`. */
export interface RegisterOptions {
  /** Name of the service. */
  readonly name: string;
  /** Port that it listens on. */
  readonly port: number;
  /** Further ports by name, registered as `meta["port-NAME"]`. @default {{}} */
  readonly ports?: Readonly<Record<string, number>> | undefined;
  /**
   * IP address or host name.
   *
   * @default {what interfaces select, else $PILOTED_ADVERTISE_ADDRESS, else the agent's own}
   */
  readonly address?: string | undefined;
  /** ContainerPilot's `interfaces` rules, which select the address. @default {undefined} */
  readonly interfaces?: readonly string[] | undefined;
  /** Id of the instance, unique on its agent. @default {name, host name and port with dashes} */
  readonly id?: string | undefined;
  /** Tags. @default {[]} */
  readonly tags?: readonly string[] | undefined;
  /** Metadata. @default {{}} */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Share of the traffic while passing, and while warning. @default {{ passing: 1, warning: 1 }} */
  readonly weights?: { readonly passing: number; readonly warning: number } | undefined;
  /** Addresses under names such as `wan`. @default {{}} */
  readonly taggedAddresses?: Readonly<Record<string, TaggedAddress>> | undefined;
  /** Whether tags may be changed in the catalog. @default {false} */
  readonly enableTagOverride?: boolean | undefined;
  /**
   * Status with which it is registered, before the first heartbeat.
   *
   * @default {the result of the first check}
   */
  readonly initialStatus?: CheckHealth | undefined;
  /** The heartbeat. @default {{}} */
  readonly check?: HeartbeatOptions | undefined;
  /** Checks that the agent runs. @default {[]} */
  readonly checks?: readonly AgentCheckDefinition[] | undefined;
  /**
   * Milliseconds of being critical after which Consul removes the instance, for processes that died
   * without deregistering. Consul takes a minute at least; 0 turns it off.
   *
   * @default {3_600_000}
   */
  readonly deregisterCriticalAfterMs?: number | undefined;
  /** Namespace of Consul Enterprise. @default {undefined} */
  readonly namespace?: string | undefined;
  /** Admin partition of Consul Enterprise. @default {undefined} */
  readonly partition?: string | undefined;
  /** Whether it is registered only after the first passing check. @default {false} */
  readonly awaitPassing?: boolean | undefined;
  /**
   * Signals that deregister it, drain, call `onStop` and then end the process: `true` for SIGTERM and
   * SIGINT. For programs without handlers of their own; those call `close()`.
   *
   * @default {false}
   */
  readonly signals?: boolean | undefined;
  /**
   * Milliseconds between the removal from the catalog and `onStop`, in which clients hear of it while
   * requests are still served.
   *
   * @default {500}
   */
  readonly drainMs?: number | undefined;
  /** Milliseconds that all of stopping may take. @default {5_000} */
  readonly stopTimeoutMs?: number | undefined;
  /** Closes the application, after it was deregistered and drained. @default {undefined} */
  readonly onStop?: (() => void | Promise<void>) | undefined;
}

/** {@linkcode HeartbeatOptions} with defaults in place of what was left out. */
export interface ResolvedHeartbeat {
  readonly ttlMs: number;
  readonly intervalMs: number;
  readonly run: HeartbeatOptions["run"];
  readonly timeoutMs: number;
  readonly failuresBeforeCritical: number;
  readonly reportFailures: boolean;
  readonly id: string | undefined;
  readonly notes: string | undefined;
}

const STATUSES = ["passing", "warning", "critical"] as const;

const RULES: Readonly<Record<keyof RegisterOptions, OptionRule>> = {
  name: { type: "string" },
  port: { type: "number", min: 1, max: 65_535 },
  ports: { type: "object" },
  address: { type: "string" },
  interfaces: { type: "object" },
  id: { type: "string" },
  tags: { type: "object" },
  meta: { type: "object" },
  weights: { type: "object" },
  taggedAddresses: { type: "object" },
  enableTagOverride: { type: "boolean" },
  initialStatus: { type: "one-of", values: STATUSES },
  check: { type: "object" },
  checks: { type: "object" },
  deregisterCriticalAfterMs: { type: "number", min: 0 },
  namespace: { type: "string" },
  partition: { type: "string" },
  awaitPassing: { type: "boolean" },
  signals: { type: "boolean" },
  drainMs: { type: "number", min: 0 },
  stopTimeoutMs: { type: "number", min: 1 },
  onStop: { type: "function" },
};

const CHECK_RULES: Readonly<Record<keyof HeartbeatOptions, OptionRule>> = {
  ttlMs: { type: "number", min: 1, max: 2 ** 31 },
  intervalMs: { type: "number", min: 1, max: 2 ** 31 },
  run: { type: "function" },
  timeoutMs: { type: "number", min: 1 },
  failuresBeforeCritical: { type: "number", min: 1 },
  reportFailures: { type: "boolean" },
  id: { type: "string" },
  notes: { type: "string" },
};

const AGENT_CHECK_RULES: Readonly<Record<string, OptionRule>> = {
  id: { type: "string" },
  name: { type: "string" },
  http: { type: "string" },
  tcp: { type: "string" },
  grpc: { type: "string" },
  method: { type: "string" },
  headers: { type: "object" },
  grpcUseTls: { type: "boolean" },
  intervalMs: { type: "number", min: 1 },
  timeoutMs: { type: "number", min: 1 },
  initialStatus: { type: "one-of", values: STATUSES },
  successBeforePassing: { type: "number", min: 0 },
  failuresBeforeCritical: { type: "number", min: 0 },
  tlsSkipVerify: { type: "boolean" },
};

const DEFAULT_TTL_MS = 30_000;

/** What a heartbeat says while all is well. Constant: an agent sends changes only to the servers. */
export const PASSING_OUTPUT = "ok";

/**
 * Checks the options of a registration.
 *
 * @param options What the caller gave.
 * @param caller The function that takes them, for messages.
 * @returns The heartbeat with its defaults.
 * @throws {TypeError} when an option is unknown, of another kind, or not one of its words.
 * @throws {RangeError} when a number is out of its range.
 */
export function checkRegisterOptions(options: RegisterOptions, caller: string): ResolvedHeartbeat {
  checkOptions(caller, options, RULES);
  const { name, port, ports = {}, address, id, meta = {} } = options;
  const refuse = (option: string, why: string) =>
    new TypeError(`Cannot use option ${option} of ${caller}: ${why}`);
  if (typeof name !== "string" || name === "") {
    throw refuse("name", `it must be the name of a service, received ${describeValue(name)}`);
  }
  if (!isPort(port)) {
    throw refuse("port", `it must be a port from 1 to 65535, received ${describeValue(port)}`);
  }
  if (id === "") throw refuse("id", 'it must not be empty, received ""');
  for (const [key, value] of Object.entries(ports)) {
    if (!isPort(value)) {
      const received = describeValue(value);
      throw refuse(`ports.${key}`, `it must be a port from 1 to 65535, received ${received}`);
    }
  }
  for (const [key, value] of Object.entries(meta)) {
    if (typeof value === "string") continue;
    throw refuse(`meta.${key}`, `it must be a string, received ${describeValue(value)}`);
  }
  checkList(options.tags, "tags", (tag) => typeof tag === "string", "strings", refuse);
  const isRule = (rule: unknown) =>
    typeof rule === "string" && parseInterfaceRule(rule) !== undefined;
  const rules = 'rules such as "eth0", "eth0[1]", "10.0.0.0/16", "inet" or "static:10.0.0.1"';
  checkList(options.interfaces, "interfaces", isRule, rules, refuse);
  const why = address === undefined ? undefined : checkAddress(address).why;
  if (why !== undefined) throw refuse("address", why);
  checkWeights(options, refuse);
  checkTagged(options, refuse);
  checkAgentChecks(options, caller);
  return resolveHeartbeat(options.check ?? {}, caller);
}

type Refuse = (option: string, why: string) => TypeError;

function checkList(
  list: unknown,
  option: string,
  isItem: (item: unknown) => boolean,
  items: string,
  refuse: Refuse,
): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw refuse(option, `it must be a list of ${items}`);
  const wrong = list.find((item) => !isItem(item));
  if (wrong !== undefined || list.includes(undefined)) {
    throw refuse(option, `it must be a list of ${items}, received ${describeValue(wrong)}`);
  }
}

function checkWeights({ weights }: RegisterOptions, refuse: Refuse): void {
  if (weights === undefined) return;
  for (const [key, min] of [["passing", 1], ["warning", 0]] as const) {
    const value = weights[key];
    if (Number.isInteger(value) && value >= min && value <= 65_535) continue;
    const range = `a whole number from ${min} to 65535`;
    throw refuse(`weights.${key}`, `it must be ${range}, received ${describeValue(value)}`);
  }
}

function checkTagged({ taggedAddresses = {} }: RegisterOptions, refuse: Refuse): void {
  for (const [name, tagged] of Object.entries(taggedAddresses)) {
    const why = checkAddress(tagged?.address).why;
    if (why !== undefined) throw refuse(`taggedAddresses.${name}`, why);
    if (!isPort(tagged.port)) {
      const received = describeValue(tagged.port);
      throw refuse(`taggedAddresses.${name}`, `port must be from 1 to 65535, received ${received}`);
    }
  }
}

function checkAgentChecks({ checks = [] }: RegisterOptions, caller: string): void {
  if (!Array.isArray(checks)) {
    throw new TypeError(`Cannot use option checks of ${caller}: it must be a list of checks`);
  }
  for (const [index, check] of checks.entries()) {
    const where = `checks[${index}] of ${caller}`;
    checkOptions(where, check, AGENT_CHECK_RULES);
    const kinds = ["http", "tcp", "grpc"].filter((kind) => kind in check);
    if (kinds.length !== 1) {
      throw new TypeError(`Cannot use ${where}: it must have one of http, tcp and grpc`);
    }
    if (check.intervalMs === undefined) {
      throw new TypeError(`Cannot use ${where}: intervalMs is missing, received nothing`);
    }
  }
}

function resolveHeartbeat(check: HeartbeatOptions, caller: string): ResolvedHeartbeat {
  const where = `check of ${caller}`;
  checkOptions(where, check, CHECK_RULES);
  const { intervalMs: given } = check;
  const ttlMs = check.ttlMs ?? (given === undefined ? DEFAULT_TTL_MS : given * 3);
  const intervalMs = given ?? ttlMs / 3;
  if (intervalMs >= ttlMs) {
    throw new RangeError(
      `Cannot use option intervalMs of ${where}: it must be shorter than ttlMs (${ttlMs}), ` +
        `received ${intervalMs}`,
    );
  }
  return {
    ttlMs,
    intervalMs,
    run: check.run,
    timeoutMs: check.timeoutMs ?? Math.min(intervalMs, ttlMs / 3),
    failuresBeforeCritical: check.failuresBeforeCritical ?? 1,
    reportFailures: check.reportFailures ?? true,
    id: check.id,
    notes: check.notes,
  };
}
