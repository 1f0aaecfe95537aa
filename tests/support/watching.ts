/** One watcher on a manual clock, with everything it tells. */
import type { PilotedOptions } from "../../src/client/options.ts";
import { Recovery } from "../../src/registry/recovery_probe.ts";
import { resolveOptions } from "../../src/client/resolve_options.ts";
import { Scheduler } from "../../src/registry/connection_budget.ts";
import type { WatchStatus } from "../../src/watch/status.ts";
import { WatchContext } from "../../src/registry/watch_context.ts";
import type { Restored } from "../../src/watch/watch_record.ts";
import { Watcher } from "../../src/watch/live_watch.ts";
import type { PilotedError } from "../../src/errors.ts";
import type { Change } from "../../src/snapshot.ts";
import type { Source } from "../../src/source/source.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { ScriptedSource } from "./scripted_source.ts";

/** A watcher of `app` and its surroundings. */
export interface Watching {
  clock: ManualClock;
  source: ScriptedSource;
  context: WatchContext;
  watcher: Watcher;
  changes: Change[];
  states: WatchStatus[];
  errors: PilotedError[];
}

/** A context of its own clock; random numbers are always the middle. */
export function watchContext(
  clock: ManualClock,
  source: Source,
  options: PilotedOptions = {},
): WatchContext {
  const resolved = resolveOptions({ random: () => 0.5, ...options, clock });
  const { random, maxConnections, waitMs } = resolved;
  const scheduler = new Scheduler({ clock, random, maxConnections, waitMs });
  return new WatchContext(resolved, source, scheduler, new Recovery(clock, random, false));
}

/** Starts a watcher, runs the test, stops the watcher and checks that no timer is left. */
export async function watching(
  test: (it: Watching) => Promise<void>,
  options: PilotedOptions & { intervalMs?: number; restored?: Restored } = {},
): Promise<void> {
  const { intervalMs = 10_000, restored, ...rest } = options;
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const context = watchContext(clock, source, rest);
  const changes: Change[] = [];
  const states: WatchStatus[] = [];
  const errors: PilotedError[] = [];
  const watcher = new Watcher(
    { service: "app" },
    intervalMs,
    context,
    {
      changed: (change) => changes.push(change),
      believed: () => {},
      stateChanged: (status) => states.push(status),
      failed: (error) => errors.push(error),
    },
    restored,
  );
  watcher.start();
  try {
    await clock.advance(0);
    await test({ clock, source, context, watcher, changes, states, errors });
  } finally {
    await watcher.stop();
    context.scheduler.close();
    context.recovery.close();
  }
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
}
