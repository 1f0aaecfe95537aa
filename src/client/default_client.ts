/**
 * The one client behind the functions of `mod.ts`.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import type { Watched } from "../config/config_object.ts";
import type { ConfigInput } from "../config/resolve_config.ts";
import type { NamesOf } from "../config/service_names.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { Lease } from "../balance/lease.ts";
import type { PickOptions } from "../balance/balancer.ts";
import type { Change } from "../snapshot.ts";
import { Events, type PilotedEvents, type PilotedListener } from "./events.ts";
import { type PilotedOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import type { WatchServiceOptions } from "./wait_options.ts";
import { RefreshSignal } from "./refresh_signal.ts";
import type { Piloted } from "./piloted.ts";
import type { PilotedStatus, ServiceStatus } from "../watch/status.ts";

// Listeners outlive a client: they may be there before config() and after another config().
const events = new Events();
let current: Piloted | undefined;
let starting: Promise<Piloted> | undefined;
let life = new AbortController();
let closed = false;

/**
 * Configures the default instance. Calling it again replaces the configuration: the new one is
 * ready before the old one ends, and listeners stay.
 *
 * @param source A path, a `file:` URL, or an object; `""` or nothing means the file that the
 * environment variable `CONTAINERPILOT` names.
 * @param options Options.
 * @returns The client, when every watched service has been asked for once.
 * @throws {PilotedError} as `createPiloted()`, by rejecting; the instance before stays in use.
 *
 * @example
 * ```ts
 * import { close, config, pick } from "@piloted/core";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * await config({ consul: "127.0.0.1:8500", watches: [{ name: "customers" }] }, {
 *   fetch: consul.fetch,
 * });
 * assertEquals(pick("customers").host, "10.0.0.1:8080");
 * await close();
 * ```
 */
export function config<const Watch extends Watched = Watched>(
  source?: ConfigInput<Watch>,
  options?: PilotedOptions,
): Promise<Piloted<NamesOf<Watch>>>;
export function config(source?: ConfigInput, options: PilotedOptions = {}): Promise<Piloted> {
  let resolved: ResolvedOptions;
  try {
    resolved = resolveOptions(options, "config()");
  } catch (error) {
    return Promise.reject(error);
  }
  closed = false;
  // Handled from now on: this call may have to wait for one before it.
  const refreshSignal = resolved.signals ? new RefreshSignal() : undefined;
  const attempt = replace(starting, source, resolved, refreshSignal, life.signal);
  starting = attempt;
  const done = () => {
    if (starting === attempt) starting = undefined;
  };
  attempt.then(done, () => {
    refreshSignal?.remove();
    done();
  });
  return attempt;
}

/** One after the other, so that the last call wins and no client is left behind. */
async function replace(
  before: Promise<Piloted> | undefined,
  source: ConfigInput | undefined,
  options: ResolvedOptions,
  refreshSignal: RefreshSignal | undefined,
  signal: AbortSignal,
): Promise<Piloted> {
  await before?.catch(() => {});
  const { startPiloted } = await loadModule(() => import("./start_piloted.ts"));
  const next = await startPiloted(source, options, { events, refreshSignal, signal });
  const old = current;
  current = next;
  await old?.close();
  return next;
}

/**
 * The next endpoint of a service, after a refresh under way. Configures itself from
 * `$CONTAINERPILOT` on first use; an attempt that failed is made again by the next call.
 *
 * @param name Name of a watched service.
 * @returns A healthy endpoint; round robin over all of them.
 * @throws {PilotedError} `UNKNOWN_SERVICE`, `NO_ENDPOINTS`, `CLOSED`, or what `config()` throws; by rejecting.
 */
export function service(name: string): Promise<Endpoint> {
  return current !== undefined ? current.service(name) : ensure().then((it) => it.service(name));
}

/**
 * Every current endpoint of a service, synchronously.
 *
 * @param name Name of a watched service.
 * @returns A frozen list, empty when none is healthy.
 * @throws {PilotedError} `NOT_CONFIGURED` before `config()` has resolved, `UNKNOWN_SERVICE`, `CLOSED`.
 */
export function serviceHosts(name: string): readonly Endpoint[] {
  return configured().serviceHosts(name);
}

/**
 * The next endpoint of a service, synchronously and without waiting: the hot path.
 *
 * @param name Name of a watched service.
 * @param options Which endpoints may be picked; `key` for the balancer `hash`. @default {all}
 * @returns A healthy endpoint; round robin over all of them.
 * @throws {PilotedError} `NOT_CONFIGURED` before `config()` has resolved, `UNKNOWN_SERVICE`, `NO_ENDPOINTS`, `CLOSED`.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 */
export function pick(name: string, options?: PickOptions): Endpoint {
  return (current ?? configured()).pick(name, options);
}

/**
 * An endpoint for the time of one request or connection.
 *
 * @param name Name of a watched service.
 * @param options Which endpoints may be picked; `key` for the balancer `hash`, `exclude` for endpoints
 * that were tried already.
 * @returns The lease. Release it, or declare it with `using`.
 * @throws {PilotedError} as {@linkcode pick}.
 */
export function acquire(name: string, options?: PickOptions): Lease {
  return (current ?? configured()).acquire(name, options);
}

/**
 * Reads every watched service again, as SIGHUP does. Configures itself on first use.
 *
 * @throws {PilotedError} `CLOSED`, or what `config()` throws; by rejecting.
 */
export async function refresh(): Promise<void> {
  await (current ?? await ensure()).refresh();
}

/**
 * Listens, also before `config()` and over a new `config()`.
 *
 * @param type `"refresh"`, `"change"`, `"status"`, `"balance"` or `"error"`.
 * @param listener Called with each event. One that throws is reported as an `error` event.
 * @param options `signal` ends the listening when it aborts.
 * @returns Ends the listening.
 * @throws {TypeError} when the type is unknown or the listener is not a function.
 */
export function on<T extends keyof PilotedEvents>(
  type: T,
  listener: PilotedListener<T>,
  options?: { signal?: AbortSignal },
): () => void {
  return events.on(type, listener, options);
}

/**
 * Changes of one service, one after the other, for people who hold connections. Configures itself
 * on first use.
 *
 * @param name Name of a watched service.
 * @param options `signal` ends the iteration, which then throws its reason.
 * @returns An async iterable that ends with `close()`.
 * @throws {PilotedError} `UNKNOWN_SERVICE`, `CLOSED`, or what `config()` throws; while iterating.
 */
export async function* watch(
  name: string,
  options: WatchServiceOptions = {},
): AsyncGenerator<Change, void, void> {
  yield* (current ?? await ensure()).watch(name, options);
}

/** What is known of all services, how fresh it is, and why it is not fresher. */
export function status(): PilotedStatus;
/**
 * What is known of one service.
 *
 * @param name Name of a watched service.
 * @throws {PilotedError} `NOT_CONFIGURED`, `UNKNOWN_SERVICE`, `CLOSED`.
 */
export function status(name: string): ServiceStatus;
export function status(name?: string): PilotedStatus | ServiceStatus {
  if (name !== undefined) return configured().status(name);
  if (current !== undefined) return current.status();
  const state = closed ? "closed" : starting === undefined ? "idle" : "starting";
  return { state, registry: undefined, refreshing: false, services: [], registrations: [] };
}

/** Ends everything that the default instance does. Idempotent; `config()` begins anew. */
export async function close(): Promise<void> {
  closed = true;
  life.abort(closedError());
  life = new AbortController();
  const pending = starting;
  const old = current;
  current = undefined;
  await old?.close();
  await pending?.catch(() => {});
}

/** The instance, or the one attempt to configure it from the environment that all callers share. */
function ensure(): Promise<Piloted> {
  if (closed) return Promise.reject(closedError());
  return starting ?? config();
}

function configured(): Piloted {
  if (current !== undefined) return current;
  if (closed) throw closedError();
  throw new PilotedError(
    "NOT_CONFIGURED",
    "Cannot look up a service yet: await config() first, or use await service(name)",
  );
}

function closedError(): PilotedError {
  return new PilotedError("CLOSED", "Cannot look up a service: Piloted was closed");
}
