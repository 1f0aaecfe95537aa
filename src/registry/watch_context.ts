/**
 * What all watchers of one client share.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { Query, Source } from "../source/source.ts";
import type { ResolvedOptions } from "../client/options.ts";
import { ChangeHint } from "./change_hint.ts";
import { Recovery } from "./recovery_probe.ts";
import { Scheduler } from "./connection_budget.ts";

/** What all watchers of one client share. */
export class WatchContext {
  /** Options of the client. */
  readonly options: ResolvedOptions;
  /** Who may ask when. */
  readonly scheduler: Scheduler;
  /** Who is waiting for the registry to come back. */
  readonly recovery: Recovery;
  /** What is asked; replaced when a reload names another registry. */
  source: Source;

  /** Makes a context. */
  constructor(options: ResolvedOptions, source: Source, scheduler: Scheduler, recovery: Recovery) {
    this.options = options;
    this.source = source;
    this.scheduler = scheduler;
    this.recovery = recovery;
  }

  /** Anything that was thrown as a `PilotedError`; a source of the user's may throw what it likes. */
  toError(cause: unknown, query: Query): PilotedError {
    if (cause instanceof PilotedError) return cause;
    return new PilotedError(
      "REGISTRY_UNREACHABLE",
      `Cannot read service ${JSON.stringify(query.service)}: the source failed`,
      { cause, service: query.service },
    );
  }
}

/**
 * Makes what all watchers of one client share.
 *
 * @param options Options of the client.
 * @param source What is asked.
 * @param multiplexed Whether questions share connections at present.
 * @param watched How many services are watched.
 * @returns It, with nothing running.
 */
export function createWatchContext(
  options: ResolvedOptions,
  source: Source,
  multiplexed: () => boolean,
  watched: () => number,
): WatchContext {
  const { clock, random, maxConnections, waitMs, requestTimeoutMs, keepAlive } = options;
  const hinting = { clock, random, waitMs, requestTimeoutMs, watched };
  const scheduler = new Scheduler({
    clock,
    random,
    maxConnections,
    waitMs,
    multiplexed,
    hint: (observer) => new ChangeHint({ ...hinting, source: () => context.source }, observer),
  });
  const recovery = new Recovery(clock, random, !keepAlive);
  const context: WatchContext = new WatchContext(options, source, scheduler, recovery);
  return context;
}
