/**
 * Watches that are added at run time.
 *
 * @module
 */
import type { WatchObject } from "../config/config_object.ts";
import { loadModule } from "../load_module.ts";
import { abortable } from "../wait.ts";
import type { Engine } from "./engine.ts";

/** A watch that was added at run time. */
export interface WatchHandle<Names extends string = string> extends AsyncDisposable {
  /** Name that the service is looked up by. */
  readonly name: Names;
  /** Ends the watch. The service is no longer found, unless it is watched otherwise. Idempotent. */
  close(): Promise<void>;
}

/**
 * Adds a watch. `Piloted.watchService()`.
 *
 * @param engine The client's.
 * @param watch The watch.
 * @returns Its handle.
 * @throws {TypeError} when the watch is invalid.
 * @throws {PilotedError} `CLOSED` when the client is or was closed.
 */
export async function addWatch<Names extends string>(
  engine: Engine,
  watch: WatchObject,
): Promise<WatchHandle<Names>> {
  engine.assertOpen();
  const { decodeWatchObject } = await loadModule(() => import("../config/watch_object.ts"));
  const decoded = decodeWatchObject(watch);
  engine.assertOpen();
  const end = await abortable(engine.services.add(decoded), engine.closeSignal);
  const name = (decoded.as ?? decoded.name) as Names;
  return { name, close: end, [Symbol.asyncDispose]: end };
}
