/** One live watch on a manual clock, with everything that it reports. */
import { type PilotedOptions, resolveOptions } from "../../src/client/options.ts";
import type { PilotedError } from "../../src/errors.ts";
import { Session } from "../../src/registry/session.ts";
import type { Change } from "../../src/snapshot.ts";
import type { Source } from "../../src/source/source.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { LiveWatch } from "../../src/watch/live_watch.ts";
import type { WatchStatus } from "../../src/watch/status.ts";
import type { WatchOptions } from "../../src/watch/watch.ts";
import type { Restored } from "../../src/watch/state_update.ts";
import { ScriptedSource } from "./scripted_source.ts";

/** A watch of `app` with its clock, source and recorded events. */
export interface Watching {
  clock: ManualClock;
  source: ScriptedSource;
  session: Session;
  watch: LiveWatch;
  changes: Change[];
  states: WatchStatus[];
  errors: PilotedError[];
}

/** Creates a session with the test's clock. Every random number is 0.5. */
export function sessionFor(
  clock: ManualClock,
  source: Source,
  options: PilotedOptions = {},
): { session: Session; options: WatchOptions } {
  const resolved = resolveOptions({ random: () => 0.5, ...options, clock });
  const registry = { source, multiplexed: () => false, close: () => Promise.resolve() };
  const session = new Session(registry, { ...resolved, watchedCount: () => 1 });
  return { session, options: resolved };
}

/** Starts a watch, runs the test, stops the watch and checks that no timer is pending. */
export async function watching(
  test: (it: Watching) => Promise<void>,
  options: PilotedOptions & {
    intervalMs?: number;
    restored?: Restored;
    tag?: string;
    from?: (source: ScriptedSource) => Source;
  } = {},
): Promise<void> {
  const { intervalMs = 10_000, restored, tag, from, ...rest } = options;
  const clock = new ManualClock();
  const source = new ScriptedSource();
  const { session, options: resolved } = sessionFor(clock, from?.(source) ?? source, rest);
  const changes: Change[] = [];
  const states: WatchStatus[] = [];
  const errors: PilotedError[] = [];
  const watch = new LiveWatch(
    { service: "app", tag },
    intervalMs,
    session,
    resolved,
    {
      changed: (change) => changes.push(change),
      accepted: () => {},
      stateChanged: () => states.push(watch.status()),
      failed: (error) => errors.push(error),
    },
    restored,
  );
  watch.start();
  try {
    await clock.advance(0);
    await test({ clock, source, session, watch, changes, states, errors });
  } finally {
    await watch.stop();
    await session.close();
  }
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
}
