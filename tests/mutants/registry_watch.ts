// deno-fmt-ignore-file: one row per mutant reads better than eight lines.
/** Mutants of `src/registry/`, `src/watch/`, `src/client/` and `src/source/`. */
import type { Mutant } from "./mutant.ts";

type Row = [file: string, what: string, original: string, replacement: string, ...tests: string[]];

const ROWS: Row[] = [
  // registry: permits, deadlines, errors, recovery
  ["registry/session", "a permit is never given back", "permit.release();", "", "registry/session"],
  ["registry/session", "429 does not free connections", "if (error instanceof PilotedError && error.status === 429) this.budget.refused();", "", "watch/live_watch"],
  ["registry/session", "the deadline forgets the wait", "waitMs + waitMs / 16 + requestTimeoutMs", "requestTimeoutMs", "watch/live_watch"],
  ["registry/session", "an abort is reported as a failure", "if (signal.aborted) throw signal.reason;", "", "registry/session"],
  ["registry/session", "foreign errors are thrown as they are", "if (cause instanceof PilotedError) throw cause;", "throw cause;", "registry/session"],
  ["registry/session", "the old registry is closed under its reads", "await Promise.allSettled(reads);", "", "registry/session"],
  ["registry/session", "the old registry is never closed", "await old.close();", "", "registry/session"],
  ["registry/session", "a blocking query forgets its position", "{ consistency, position: wait.position, waitMs }", "{ consistency, waitMs }", "watch/live_watch"],
  ["registry/connection_budget", "an aborted watch stays parked", "this.#parked.delete(entry);\n        reject", "reject", "registry/connection_budget"],
  ["registry/connection_budget", "the budget never grows back", "this.#cap = this.#cap >= this.#budget() ? Infinity : this.#cap + 1;", "", "registry/connection_budget"],
  ["registry/connection_budget", "every poll waits equally long", "waitMs * (0.5 + 0.5 * random())", "waitMs", "registry/connection_budget"],
  ["registry/connection_budget", "a free connection is not handed on", "latest?.grant(this.#grantLong());", "", "registry/connection_budget"],
  ["registry/connection_budget", "an aborted wait keeps its place in the line", "this.#waiting.delete(grant);", "", "registry/session"],
  ["registry/rate_limit", "the limit never slows down", "this.#intervalMs = Math.min(most, this.#intervalMs * 2);", "", "watch/live_watch"],
  ["registry/rate_limit", "the limit never recovers", "if (this.#tokens === BURST) this.#intervalMs = this.#firstIntervalMs;", "", "watch/live_watch"],
  ["registry/recovery_probe", "nothing is probed", "first.hasten();", "", "registry/recovery_probe"],
  ["registry/recovery_probe", "the others are not woken", "for (const watch of group) watch.hasten();", "", "registry/recovery_probe"],
  ["registry/change_hint", "an index that goes back is a change", "this.#before = isBehind ? undefined : summary;", "this.#before = summary;", "registry/change_hint"],
  ["registry/change_hint", "a huge catalog is read all the time", "summary.services.size <= MAX_CATALOG * this.#options.watchedCount()", "true", "registry/change_hint"],
  // watch: the state machine and its drivers
  ["watch/empty_list_guard", "an empty list is accepted at once", "if (!doubtful || this.#policy === \"accept\")", "if (true)", "watch/watch_state"],
  ["watch/empty_list_guard", "a follower confirms an empty list", "fromLeader && ++this", "++this", "watch/watch_state"],
  ["watch/empty_list_guard", "small losses are doubted", "knownCount >= LARGE && ", "", "watch/watch_state", "watch/live_watch"],
  ["watch/watch_state", "the position survives a failure", "fail(error: PilotedError, now: number): StateUpdate {\n    this.#position = undefined;", "fail(error: PilotedError, now: number): StateUpdate {", "watch/watch_state", "watch/live_watch"],
  ["watch/watch_state", "a success does not end a failure", "this.#failureCount = 0;\n", "", "watch/watch_state"],
  ["watch/watch_state", "a revoked token is merely stale", "if (error.code === \"REGISTRY_DENIED\") return \"denied\";", "", "watch/watch_state"],
  ["watch/watch_state", "skipped entries do not count as listed", "reading.endpoints.length + reading.skippedCount", "reading.endpoints.length", "watch/watch_state"],
  ["watch/watch_state", "an entry is reported with every response", "!reported.has(message)", "true", "watch/watch_state"],
  ["watch/watch_state", "critical instances are handed out", "endpoints.every(usable) ? endpoints : endpoints.filter(usable)", "endpoints", "watch/watch_state"],
  ["watch/watch_state", "a restored list stays live", "return this.#enter(\"restored\", { change });", "return this.#enter(\"live\", { change });", "watch/watch_state"],
  ["watch/watch", "a restored list is never used", "if (isFirst && this.#restored !== undefined)", "if (false)", "watch/live_watch"],
  ["watch/watch", "a replaced registry is not checked with its leader", "if (wentBack && !isConfirming) {", "if (false) {", "watch/live_watch", "client/quiet_recovery"],
  ["watch/live_watch", "a failed refresh() keeps the poll", "this.#interrupt();\n      throw error;", "throw error;", "watch/live_watch"],
  ["watch/live_watch", "a refresh that found an older registry keeps the poll", "if (wentBack) this.#interrupt();", "", "watch/live_watch", "client/quiet_recovery"],
  ["watch/live_watch", "a position that goes back is accepted", "if (this.session.isBehind(reading.position, state.knownPosition)) {", "if (false) {", "watch/live_watch"],
  ["watch/live_watch", "doubts are settled by any server", "isConfirming ? \"consistent\" : \"default\", true", "\"stale\", true", "watch/live_watch"],
  ["watch/live_watch", "a backoff ignores Retry-After", "Math.max(pauseMs, jitterMs)", "jitterMs", "watch/live_watch"],
  ["watch/live_watch", "a probe ignores Retry-After", "if (this.options.clock.now() >= this.#notBefore) this.#wake?.();", "this.#wake?.();", "watch/live_watch"],
  ["watch/live_watch", "a 500 does not go over to followers", "this.#consistency = \"stale\";", "", "watch/live_watch"],
  ["watch/live_watch", "a dead registry is not probed", "this.session.probe.add(this);", "", "watch/live_watch"],
  ["watch/on_demand_watch", "every lookup reads", "if (this.#flight === undefined && now < this.#dueAt) return undefined;", "", "client/on_demand"],
  ["watch/on_demand_watch", "a lookup never waits", "return isUsable ? undefined : flight;", "return undefined;", "client/on_demand"],
  ["watch/on_demand_watch", "a failing registry is read by every lookup", "this.#dueAt = clock.now() + Math.max(pauseMs * (0.5 + random() / 2), error.retryAfterMs ?? 0);", "", "client/on_demand"],
  ["watch/on_demand_watch", "an empty list is never confirmed by the leader", "isConfirming ? \"consistent\" : consistency, isConfirming", "consistency, false", "client/on_demand"],
  ["watch/watch_set", "a watch never stops", "await watch.stop();", "", "watch/watch_set"],
  ["watch/snapshot_file", "a file of another format is read", "if (format !== FORMAT)", "if (false)", "watch/snapshot_file"],
  ["watch/snapshot_file", "the last change is not written", "await this.#writing;\n    await this.#write();", "await this.#writing;", "watch/snapshot_file"],
  // client
  ["client/engine", "waits outlive the client", "this.#close.abort(closedError());", "", "client/waits"],
  ["client/engine", "warnings are no events", "this.#warningTimer = clock.start(() => this.#warn(), 0, true);", "", "client/events"],
  ["client/engine", "watches keep their position in another registry", "for (const watch of this.#watches) watch.reconnect();", "", "client/reload"],
  ["client/failover", "the first failure changes the datacenter", "now - state.failingSince >= UNREACHABLE_MS", "true", "client/failover"],
  ["client/failover", "the own datacenter is used at once again", "this.#active === undefined ? 0 : GOOD_MS", "0", "client/failover"],
  ["client/log_events", "every attempt is logged", "error.code.startsWith(\"REGISTRY_\") || ", "", "client/events"],
  ["client/watched_service", "NO_ENDPOINTS counts nothing", "total[name] += counts[name];", "", "client/no_endpoints"],
  ["client/refresh_signal", "an early SIGHUP is forgotten", "if (this.#isPending) refresh();", "", "client/sighup"],
  // source
  ["source/consul", "a redirect is followed with the token", "redirect: \"manual\",", "", "source/consul"],
  ["source/consul", "the token is shown in an excerpt", "this.#token ? text.replaceAll(this.#token, \"<token>\") : text", "text", "source/consul"],
  ["source/consul_headers", "an index of 0 stays", "index === 0n ? FIRST_INDEX : String(index)", "String(index)", "source/consul_headers"],
  ["source/consul_decode", "an entry is listed twice", "if (this.#seen.add(endpointIdentity(endpoint)).size === size) {", "if (false) {", "source/consul_decode"],
];

export const MUTANTS: readonly Mutant[] = ROWS.map(([file, what, original, replacement, ...tests]) => ({
  what,
  file: `src/${file}.ts`,
  original,
  replacement,
  tests: tests.map((test) => `tests/${test}_test.ts`),
}));
