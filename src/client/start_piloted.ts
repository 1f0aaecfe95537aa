/**
 * Starting a client; loaded with the first one, so that importing Piloted costs next to nothing.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { ConfigInput } from "../config/resolve_config.ts";
import { onAbort, sleep } from "../wait.ts";
import { registryConnector } from "./connect_registry.ts";
import { Engine } from "./engine.ts";
import type { Events } from "./events.ts";
import { logEvents } from "./log_events.ts";
import type { ResolvedOptions } from "./options.ts";
import { Piloted } from "./piloted.ts";
import type { RefreshSignal } from "./refresh_signal.ts";

// A file that is being written may be read too early: it is read again after these pauses.
const REREAD_MS = [50, 100, 200, 400];

/** What exists before the client does. */
export interface Beginnings {
  /** Where events go. */
  readonly events: Events;
  /** SIGHUP, since the first call. */
  readonly refreshSignal: RefreshSignal | undefined;
  /** Ends the start early. */
  readonly signal?: AbortSignal;
}

/**
 * Creates and starts a client, with listeners that are there before it is.
 *
 * @param source The configuration.
 * @param options Options.
 * @param beginnings What exists already; the client closes it, also when it cannot start.
 * @throws The signal's own reason when it aborts.
 */
export async function startPiloted(
  source: ConfigInput | undefined,
  options: ResolvedOptions,
  beginnings: Beginnings,
): Promise<Piloted> {
  const { logger } = options;
  const stopLog = logger === undefined ? () => {} : logEvents(beginnings.events, logger);
  try {
    const piloted = await start(source, options, beginnings);
    onAbort(piloted.closeSignal, stopLog);
    return piloted;
  } catch (error) {
    beginnings.refreshSignal?.remove();
    stopLog();
    throw error;
  }
}

async function start(
  source: ConfigInput | undefined,
  options: ResolvedOptions,
  { events, refreshSignal, signal }: Beginnings,
): Promise<Piloted> {
  const { snapshotFile: path, env, missing, clock } = options;
  // Loaded only now: a source of the user's own needs no parser, template or TLS.
  const { resolveConfig } = await loadModule(() => import("../config/resolve_config.ts"));
  // Needed by the first request only, but loaded while a failure is still one of the start.
  if (options.mode !== "on-demand") await loadModule(() => import("../fetch/balanced_fetch.ts"));
  const read = () => resolveConfig(source, { env, missing });
  const reload = () => readWhole(read, clock);
  const config = await read();
  const connect = await registryConnector(options, (error) => events.emit("error", error));
  const snapshotFile = path === undefined
    ? undefined
    : await (await loadModule(() => import("../watch/snapshot_file.ts"))).SnapshotFile.open(path);
  for (const problem of snapshotFile?.problems ?? []) events.emit("error", problem);
  signal?.throwIfAborted();
  const engine = new Engine({
    config,
    options,
    events,
    reload,
    connect,
    snapshotFile,
    refreshSignal,
  });
  const remove = onAbort(signal, () => void engine.close());
  try {
    await engine.start();
  } finally {
    remove();
  }
  const piloted = new Piloted(engine);
  if (!options.register) return piloted;
  try {
    await piloted.registerJobs();
  } catch (error) {
    await piloted.close();
    throw error;
  }
  return piloted;
}

/** Reads a configuration, and again when it may have been read while its file was being written. */
async function readWhole(read: () => Promise<Config>, clock: Clock): Promise<Config> {
  for (const delayMs of REREAD_MS) {
    try {
      return await read();
    } catch {
      await sleep(clock, delayMs, { background: true });
    }
  }
  return await read();
}
