/**
 * Checks of the options of a registration.
 *
 * @module
 */
import { checkAddress, describeValue, isPort } from "../address.ts";
import { checkOptions, type OptionRule } from "../check_options.ts";
import type { HeartbeatOptions, RegisterOptions, ResolvedHeartbeat } from "./options.ts";
import { parseInterfaceRule } from "./select_address.ts";

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
