/**
 * `piloted watch [NAME...]`.
 *
 * @module
 */
import type { Piloted } from "../client/piloted.ts";
import { systemClock } from "../clock.ts";
import type { WatchStateName } from "../watch/status.ts";
import { onSignal } from "../runtime/signals.ts";
import { EXIT } from "./exit_codes.ts";
import { endpointFacts, jsonLine } from "./json_line.ts";
import { LiveView } from "./live_view.ts";
import type { Output } from "./output.ts";
import { findTarget, openClient, type RegistryOptions } from "./registry_client.ts";
import { watchTable } from "./watch_table.ts";

/** Options of `piloted watch`. */
export interface WatchOptions extends RegistryOptions {
  /** JSON lines also on a terminal. */
  readonly json?: boolean | undefined;
}

// Ages in the table are in seconds.
const REDRAW_EVERY_MS = 1_000;

/**
 * Shows the endpoints of services and their changes until SIGINT or SIGTERM: a table on a terminal,
 * JSON lines elsewhere.
 *
 * @param names Names of services; none for all that the file watches.
 * @param options Options.
 * @param stdout Where it goes.
 * @returns 0.
 * @throws {PilotedError} when the configuration is invalid.
 */
export async function watchCommand(
  names: readonly string[],
  options: WatchOptions,
  stdout: Output,
): Promise<number> {
  const target = await findTarget(names, options);
  const stopped = new Promise<void>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) onSignal(name, resolve);
  });
  const opening = openClient(target, { onStartFailure: "background" });
  const piloted = await Promise.race([opening, stopped]);
  if (piloted === undefined) return EXIT.ok;
  try {
    const asTable = stdout.isTerminal && !options.json;
    const end = asTable
      ? showTable(piloted, target.names, stdout)
      : writeLines(piloted, target.names, stdout);
    await stopped;
    end();
  } finally {
    await piloted.close();
  }
  return EXIT.ok;
}

function showTable(piloted: Piloted, names: readonly string[], stdout: Output): () => void {
  const view = new LiveView(stdout);
  const draw = () => {
    const services = names.map((name) => ({
      status: piloted.status(name),
      endpoints: piloted.serviceHosts(name),
    }));
    view.show(watchTable(services, { ...stdout.size(), colors: stdout.hasColors }));
  };
  let size = stdout.size();
  const tick = () => {
    const { columns, rows } = stdout.size();
    const isResized = columns !== size.columns || rows !== size.rows;
    size = { columns, rows };
    if (isResized || names.some((name) => piloted.status(name).state !== "live")) draw();
    timer = systemClock.start(tick, REDRAW_EVERY_MS);
  };
  let timer = systemClock.start(tick, REDRAW_EVERY_MS);
  const removals = [piloted.on("change", draw), piloted.on("status", draw)];
  draw();
  return () => {
    timer.cancel();
    for (const remove of removals) remove();
  };
}

function writeLines(piloted: Piloted, names: readonly string[], stdout: Output): () => void {
  const states = new Map<string, WatchStateName>();
  const time = () => new Date(systemClock.now()).toISOString();
  const write = (type: string, facts: Readonly<Record<string, unknown>>) =>
    stdout.write(jsonLine({ type, time: time(), ...facts }));
  for (const name of names) {
    const { state, reason } = piloted.status(name);
    states.set(name, state);
    const endpoints = piloted.serviceHosts(name).map(endpointFacts);
    write("endpoints", { service: name, state, reason, endpoints });
  }
  const removals = [
    piloted.on("change", ({ service, added, removed, changed, endpoints }) =>
      write("change", {
        service,
        added: added.map(endpointFacts),
        removed: removed.map(endpointFacts),
        changed: changed.map(({ before, after }) => ({
          before: endpointFacts(before),
          after: endpointFacts(after),
        })),
        endpoints: endpoints.map(endpointFacts),
      })),
    // A line for each change of the state, none for each query that fails.
    piloted.on("status", ({ service, state, reason }) => {
      if (states.get(service) === state) return;
      states.set(service, state);
      write("status", { service, state, reason });
    }),
  ];
  return () => removals.forEach((remove) => remove());
}
