/**
 * Log of `serve.ts` on standard error.
 *
 * @module
 */
import { dim, getColorEnabled, green, red, setColorEnabled, yellow } from "@std/fmt/colors";
import process from "node:process";
import type { Piloted } from "../client/piloted.ts";
import type { ConfigWarning } from "../config/config.ts";
import { isPilotedError } from "../any_piloted_error.ts";
import { environment } from "../runtime/environment.ts";
import type { ServiceStatus } from "../watch/status.ts";

/** Writes log lines; the same methods as `console`. */
export interface Logger {
  /** Details for developers. */
  debug(message: string): void;
  /** Normal events. */
  info(message: string): void;
  /** Something to look at. */
  warn(message: string): void;
  /** Something failed. */
  error(message: string): void;
}

/** Turns colors off where standard error is not a terminal, and where `NO_COLOR` is set. */
export function chooseColors(): void {
  const noColor = environment({ quiet: true }).NO_COLOR;
  const wanted = process.stderr.isTTY === true && (noColor === undefined || noColor === "");
  setColorEnabled(getColorEnabled() && wanted);
}

/**
 * Creates the log of `serve.ts`: one line per message, without debug messages.
 *
 * @param write Writes a line. @default {console.error}
 * @returns The logger.
 */
export function createServeLog(write: (line: string) => void = console.error): Logger {
  return {
    debug: () => {},
    info: (message) => write(message),
    warn: (message) => write(`${yellow("Warning:")} ${message}`),
    error: (message) => write(`${red("Error:")} ${message}`),
  };
}

/** The part of a client that is logged. */
export type LoggedClient = Pick<Piloted, "config" | "on" | "status">;

/**
 * Logs the warnings of the configuration, each change of a service's state and each refresh. A
 * service that stays in its state is not logged again, however often a query fails.
 *
 * @param client The client.
 * @param log The log.
 */
export function logClient(client: LoggedClient, log: Logger): void {
  for (const warning of client.config.warnings) log.warn(warningText(warning));
  const states = new Map<string, string>();
  const logState = (status: ServiceStatus) => {
    const { service, state } = status;
    const known = states.get(service);
    states.set(service, state);
    // A client starts with live services; only others are worth a line.
    if (state === known || (known === undefined && state === "live")) return;
    log.info(stateText(status));
  };
  for (const status of client.status().services) logState(status);
  client.on("status", logState);
  client.on("refresh", ({ services, failed }) => {
    const count = services.length - failed.length;
    const suffix = failed.length === 0 ? "" : `, failed: ${failed.join(", ")}`;
    log.info(`Refreshed ${count} of ${services.length} services${suffix}`);
  });
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

function warningText({ message, path, line }: ConfigWarning): string {
  const place = path === undefined ? "" : ` (${path}${line === undefined ? "" : `:${line}`})`;
  return message + place;
}

function stateText({ service, state, endpointCount, reason }: ServiceStatus): string {
  if (state === "live") {
    const count = dim(`${endpointCount} ${endpointCount === 1 ? "endpoint" : "endpoints"}`);
    return `${service}: ${green(state)}, ${count}`;
  }
  return `${service}: ${red(state)}${reason === undefined ? "" : `, ${reason}`}`;
}
