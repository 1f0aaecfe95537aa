/** Breaks of registering, healing and stopping. */
import type { Mutant } from "./mutant.ts";

// deno-fmt-ignore
const ROWS: readonly (readonly [string, string, string, string, ...string[]])[] = [
  ["select_address", "inet takes loopback addresses", "isLoopback(candidate.bytes)", "false", "select_address"],
  ["select_address", "labels are interfaces", `name.replace(/:.*$/, "")`, "name", "select_address"],
  ["ip_address", "networks are compared by whole bytes", "0xff << (8 - (bits - bit)) & 0xff", "0xff", "select_address"],
  ["check_output", "outputs are not masked", "maskMembers(masked)", "masked", "late_ledger"],
  ["heartbeat_schedule", "missed heartbeats are made up for", "(missed + 1) * this.#intervalMs", "this.#intervalMs", "late_ledger"],
  ["heartbeat_schedule", "there is no phase", "now + this.#random() * this.#intervalMs", "now + this.#intervalMs", "late_ledger"],
  ["route_monitor", "a name that comes back is nothing", "if (this.#seen.some((other) => other.node === node)) this.#misrouted = true;", "", "late_ledger"],
  ["route_monitor", "sudden loss is nothing", "if (this.#suddenCount >= SUDDEN_LIMIT) this.#misrouted = true;", "", "late_ledger"],
  ["agent_registration", "checks are always replaced", "!isOperators && this.#maintenance === undefined", "true", "registration"],
  ["agent_registration", "a rotated token is not noticed", "way.token !== token", "false", "access"],
  ["agent_registration", "an unknown check is not registered", "await this.#register(way, health, false);", "", "healing"],
  ["agent_registration", "an agent that was left keeps it", "if (this.#former.size > 0) await this.#removeFormer();", "", "access"],
  ["agent_registration", "two addresses are two agents", "node === here || ", "", "access"],
  ["agent_registration", "close() forgets agents that were left", "...former.map((server) =>", "...[].map((server) =>", "access"],
  ["agent_registration", "another agent is a load balancer", "    this.route = new RouteMonitor();\n", "", "access"],
  ["agent_registration", "a TTL starts with the first heartbeat", "this.#setup.registered(clock.now());", "", "late_ledger"],
  ["agent_servers", "there is one agent", "if (!isGone || this.#access.only", "if (isGone || this.#access.only", "access"],
  ["agent_servers", "a login is left behind", "await this.#access.close();", "", "access"],
  ["agent_requests", "a missing permission is a bad token", "if (request.isOptional)", "if (false)", "access"],
  ["registrar", "the configured namespace is left out", "options.namespace ?? namespace", "options.namespace", "access"],
  ["registrar", "tokens are shown", "client.token ?? \"\"", "\"\"", "access"],
  ["registration", "a signal cuts the drain short", "    await this.#loop.stop(() => owners", "    this.#removeSignals();\n    await this.#loop.stop(() => owners", "signals"],
  ["agent_requests", "one kind of unknown check is an error", "does not have associated TTL|", "", "healing"],
  ["registration_loop", "a request in flight may register after close()", "if (!isOver) void ended.then(() => this.#agent.remove());", "", "stopping_property"],
  ["registration_loop", "failures of jobs are reported", "this.#health.failed && !heartbeat.reportFailures && !isInitial", "false", "registration"],
  ["health_check", "a hanging check is run again", "if (this.#hanging) return", "if (false) return", "registration"],
  ["health_check", "one failure is enough", "this.#failureCount < failuresBeforeCritical", "false", "registration"],
  ["retry", "retries are slower than heartbeats", "Math.min(intervalMs, fullMs)", "fullMs", "healing"],
  ["late_ledger", "the agent is always to blame", "parts[0]?.[0] ?? ", "\"agent\" ?? ", "late_ledger"],
  ["registration", "there is no drain", "if (wasRegistered && drainMs > 0 && leftMs > 0) {", "if (false) {", "registration"],
  ["definition", "checks have no ids", "CheckID: check.id ??", "Ignored: check.id ??", "registration"],
];

/** What is broken, where, and which tests have to notice. */
export const MUTANTS: readonly Mutant[] = ROWS.map((
  [file, what, original, replacement, ...tests],
) => ({
  what,
  file: `src/registration/${file}.ts`,
  original,
  replacement,
  tests: tests.map((name) => `tests/registration/${name}_test.ts`),
}));
