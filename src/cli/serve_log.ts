/**
 * Log of `serve.ts` on standard error.
 *
 * @module
 */
import { getColorEnabled, red, setColorEnabled, yellow } from "@std/fmt/colors";
import process from "node:process";
import { isPilotedError } from "../any_piloted_error.ts";
import type { Logger } from "../client/log_events.ts";
import type { Piloted } from "../client/piloted.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { AccessLogEntry } from "../http/mod.ts";
import { environment } from "../runtime/environment.ts";
import type { RefusedRequest, ShedReason } from "../runtime/server.ts";

/** Turns colors off where standard error is not a terminal, and where `NO_COLOR` is set. */
export function chooseColors(): void {
  const noColor = environment({ quiet: true }).NO_COLOR;
  const wanted = process.stderr.isTTY === true && (noColor === undefined || noColor === "");
  setColorEnabled(getColorEnabled() && wanted);
}

/**
 * Creates the log of `serve.ts`, one line per message.
 *
 * @param write Writes a line. @default {console.error}
 * @returns The logger.
 */
export function createServeLog(write: (line: string) => void = console.error): Logger {
  // In the log of a whole application the client's lines need a prefix, here they do not.
  const text = (message: string) => message.replace(/^piloted: /, "");
  return {
    info: (message) => write(text(message)),
    warn: (message) => write(`${yellow("Warning:")} ${text(message)}`),
    error: (message) => write(`${red("Error:")} ${text(message)}`),
  };
}

/**
 * Logs each refresh, which the client itself does not log.
 *
 * @param client The client.
 * @param log The log.
 */
export function logRefreshes(client: Pick<Piloted, "on">, log: Logger): void {
  client.on("refresh", ({ services, failed }) => {
    const count = services.length - failed.length;
    const suffix = failed.length === 0 ? "" : `, failed: ${failed.join(", ")}`;
    log.info(`Refreshed ${count} of ${services.length} services${suffix}`);
  });
}

// Time to count before a line, and without another one after it.
const SHED_COUNT_MS = 1_000;
const SHED_QUIET_MS = 10_000;

/**
 * Logs that connections were closed to make room for new ones, at most once in ten seconds.
 *
 * @param log The log.
 * @param clock Clock of the intervals. @default {the system's clock}
 * @returns To be called each time.
 */
export function shedLog(
  log: Logger,
  clock: Clock = systemClock,
): (reason: ShedReason, count: number) => void {
  let total = 0;
  let why = "";
  let quietUntil = -Infinity;
  let isCounting = false;
  return (reason, count) => {
    total += count;
    why = reason === "files"
      ? "too many open files; raise the limit (ulimit -n) or lower --max-connections"
      : "too many connections; see --max-connections";
    if (isCounting) return;
    isCounting = true;
    const write = () => {
      log.warn(
        `closed ${total === 1 ? "1 connection" : `${total} connections`} for new ones: ${why}`,
      );
      total = 0;
      isCounting = false;
      quietUntil = clock.now() + SHED_QUIET_MS;
    };
    clock.start(write, Math.max(SHED_COUNT_MS, quietUntil - clock.now()), true);
  };
}

/**
 * The access log entry of a request that was refused before the service saw it.
 *
 * @param request The request.
 * @returns The entry.
 */
export function refusedEntry({ method, path, status }: RefusedRequest): AccessLogEntry {
  const [time, id] = [new Date().toISOString(), crypto.randomUUID()];
  return { time, id, method, path, status, durationMs: 0 };
}

/**
 * Describes an error behind a response with status 500 in one line.
 *
 * @param error What was thrown.
 * @param request The request.
 * @returns Method, path and reason.
 */
export function requestErrorText(error: unknown, request: Request): string {
  const { pathname } = new URL(request.url);
  return `${request.method} ${pathname} responded 500: ${reasonOf(error)}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = isPilotedError(error) ? error.message : `${error.name}: ${error.message}`;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return (own + cause).replaceAll(/\s*\n\s*/g, " ");
}
