/**
 * Log lines: one for each change of state, never one for each attempt.
 *
 * @module
 */
import type { WatchStateName } from "../watch/status.ts";
import type { Events } from "./events.ts";

/** Receives log lines; `console` fits, and so do pino, winston and their like. */
export interface Logger {
  /** Called with something of interest in normal operation. */
  info(message: string): void;
  /** Called with something that somebody should look at. */
  warn(message: string): void;
  /** Called with something that failed for good. */
  error(message: string): void;
}

const TROUBLE: ReadonlySet<WatchStateName> = new Set([
  "unconfirmed",
  "stale",
  "denied",
  "restored",
]);

// The end of the message that tells of another server.
const NOW_USED = "is used from now on";

/**
 * Writes a line for each change of state of a service, each warning of the configuration, and each
 * error that is no failed read (those are what the states tell). Why a service was not read even once,
 * which changes no state, is written once for each reason; so is that another server is used.
 *
 * @param events What happens.
 * @param logger Receives the lines.
 * @returns Stops writing.
 */
export function logEvents(events: Events, logger: Logger): () => void {
  const states = new Map<string, WatchStateName>();
  const wasEmpty = new Set<string>();
  const unread = new Map<string, string>();
  const end = new AbortController();
  const { signal } = end;
  events.on("status", ({ service, state, endpointCount, reason }) => {
    // Several watches of one service report one after the other, and closing is no news.
    if (states.get(service) === state || state === "closed") return;
    states.set(service, state);
    const count = `${endpointCount} ${endpointCount === 1 ? "endpoint" : "endpoints"}`;
    const line = `piloted: ${service} is ${state}, ${count}${reason ? `: ${reason}` : ""}`;
    if (TROUBLE.has(state)) logger.warn(line);
    else logger.info(line);
  }, { signal });
  events.on("change", ({ service, endpoints }) => {
    if (endpoints.length === 0) {
      wasEmpty.add(service);
      logger.warn(`piloted: ${service} has no endpoints`);
    } else if (wasEmpty.delete(service)) {
      logger.info(`piloted: ${service} has ${endpoints.length} endpoints again`);
    }
  }, { signal });
  const registered = new Map<string, string>();
  events.on("registration", ({ service, id, state, health, reason }) => {
    const before = registered.get(id);
    registered.set(id, state);
    if (before === state || state === "stopping") return;
    const line = `piloted: registration of ${service} (${id}) is ${state}, ${health}${
      reason ? `: ${reason}` : ""
    }`;
    if (["lost", "denied", "misrouted"].includes(state)) logger.warn(line);
    else logger.info(line);
  }, { signal });
  events.on("warning", ({ message, path, line }) => {
    const where = [path ?? "configuration", line].filter((part) => part !== undefined).join(":");
    logger.warn(`piloted: ${where}: ${message}`);
  }, { signal });
  events.on("error", (error) => {
    if (error.code.startsWith("REGISTRY_") || error.code === "TIMEOUT") {
      const { service, message } = error;
      const isUnread = service !== undefined && !states.has(service) &&
        unread.get(service) !== message;
      if (isUnread) unread.set(service, message);
      if (isUnread || message.endsWith(NOW_USED)) logger.warn(`piloted: ${message}`);
      return;
    }
    logger.error(`piloted: ${error.message}`);
  }, { signal });
  return () => end.abort();
}
