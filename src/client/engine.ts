/**
 * What runs inside a client: the session with the registry, the watches, refreshes and reloads.
 *
 * @module
 */
import { isSameRegistry } from "../access/same_consul.ts";
import type { Timer } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { PilotedError } from "../errors.ts";
import type { Registry } from "../registry/connection.ts";
import { Session } from "../registry/session.ts";
import { LiveWatch } from "../watch/live_watch.ts";
import { OnDemandWatch } from "../watch/on_demand_watch.ts";
import type { SnapshotFile } from "../watch/snapshot_file.ts";
import type { PilotedStatus } from "../watch/status.ts";
import { type CreateWatch, queryKey, WatchSet } from "../watch/watch_set.ts";
import { loadModule } from "../load_module.ts";
import type { Catalog } from "./catalog.ts";
import type { Events } from "./events.ts";
import type { ResolvedOptions } from "./options.ts";
import { Refresher } from "./refresher.ts";
import type { RefreshSignal } from "./refresh_signal.ts";
import { Services } from "./services.ts";

/** What an engine is made with. */
export interface EngineSetup {
  /** The configuration. */
  readonly config: Config;
  /** Options with defaults. */
  readonly options: ResolvedOptions;
  /** Where events go. */
  readonly events: Events;
  /** Reads the configuration again. */
  readonly reload: () => Promise<Config>;
  /** Connects to the registry that a configuration names. */
  readonly connect: (config: Config) => Registry;
  /** Keeps the last good lists over a restart. */
  readonly snapshotFile: SnapshotFile | undefined;
  /** SIGHUP, since the first call. */
  readonly refreshSignal: RefreshSignal | undefined;
}

/** What runs inside a client, from its start to its close. */
export class Engine {
  /** Options with defaults. */
  readonly options: ResolvedOptions;
  /** Where events go. */
  readonly events: Events;
  /** Every watched service. */
  readonly services: Services;
  readonly #setup: EngineSetup;
  readonly #session: Session;
  readonly #watches: WatchSet;
  readonly #refresher: Refresher;
  readonly #close = new AbortController();
  #config: Config;
  #catalog: Catalog | undefined;
  #state: PilotedStatus["state"] = "starting";
  #warningTimer: Timer | undefined;
  #closed: Promise<void> | undefined;

  /** Creates an engine; nothing is read yet. */
  constructor(setup: EngineSetup) {
    const { config, options, events, connect } = setup;
    const { clock, refreshTimeoutMs, keepProcessAlive } = options;
    this.options = options;
    this.events = events;
    this.#setup = setup;
    this.#config = config;
    this.#session = new Session(connect(config), {
      ...options,
      watchedCount: () => this.services.names.length,
    });
    this.#watches = new WatchSet(this.#createWatch);
    this.services = new Services({
      options,
      events,
      watches: this.#watches,
      emptyHint: () => this.#emptyHint(),
    });
    this.#refresher = new Refresher(
      () => this.#refreshAll(),
      clock,
      refreshTimeoutMs,
      !keepProcessAlive,
    );
  }

  /** The configuration in use. */
  get config(): Config {
    return this.#config;
  }

  /** Address of the registry, or of that of its servers that is in use. */
  get registryAddress(): string {
    const { consul, upstream } = this.#config;
    return this.#session.address ?? upstream?.addresses[0] ?? consul.url;
  }

  /** Whether it starts, runs, or is closed. */
  get state(): PilotedStatus["state"] {
    return this.#state;
  }

  /** Aborts with a `CLOSED` error on `close()`. */
  get closeSignal(): AbortSignal {
    return this.#close.signal;
  }

  /** Whether a refresh is under way. */
  get isRefreshing(): boolean {
    return this.#refresher.running;
  }

  /** Opens when the refresh under way has ended, or has taken too long. */
  get refreshGate(): Promise<void> | undefined {
    return this.#refresher.gate;
  }

  /**
   * Reads every watched service once, and goes on from there. With mode `"on-demand"` nothing is
   * read before the first lookup.
   *
   * @throws {PilotedError} why the registry did not respond at all, `TIMEOUT` when it has not yet
   * after `startTimeoutMs`, unless the option `onStartFailure` is `"background"`.
   */
  async start(): Promise<void> {
    const { snapshotFile, refreshSignal } = this.#setup;
    const { clock, onStartFailure } = this.options;
    const isLate = await this.#readAll();
    this.assertOpen();
    const failure = this.#startFailure() ?? isLate;
    if (failure !== undefined && onStartFailure === "reject") {
      await this.close();
      throw failure;
    }
    this.#state = "ready";
    const { closeSignal: signal } = this;
    snapshotFile?.follow(this.#watches, {
      clock,
      failed: (error) => this.events.emit("error", error),
    });
    if (snapshotFile) this.events.on("change", () => snapshotFile.changed(), { signal });
    refreshSignal?.connect(() => void this.refresh().catch(() => {}));
    // After the caller has had the chance to add a listener.
    this.#warningTimer = clock.start(() => this.#warn(), 0, true);
  }

  /** Returns an error when it takes longer than `startTimeoutMs`. */
  async #readAll(): Promise<PilotedError | undefined> {
    const { clock, startTimeoutMs: ms } = this.options;
    const reading = Promise.all([
      this.services.configure(this.#config.watches),
      this.#follow(this.#config),
    ]);
    if (ms === undefined) return void await reading;
    return await new Promise((resolve, reject) => {
      const late = new PilotedError("TIMEOUT", `Cannot start: no lists within ${ms} ms`);
      const timer = clock.start(() => resolve(late), ms, false);
      reading.then(() => resolve(undefined), reject).finally(() => timer.cancel());
    });
  }

  /** Makes sure that a service is known that a pattern matches, with mode `"on-demand"`. */
  loadCatalog(
    name: string,
    waitUntil?: (work: Promise<unknown>) => void,
  ): Promise<void> | undefined {
    return this.#catalog?.load(name, waitUntil);
  }

  /** Whether a pattern matches a name, and it is not known yet which services there are. */
  mayFind(name: string): boolean {
    return this.#catalog !== undefined && this.options.mode === "on-demand" &&
      this.#catalog.mayFind(name);
  }

  /** Reads every service again. Calls during a refresh join into one more. */
  refresh(): Promise<void> {
    return this.#refresher.request();
  }

  /** @throws {PilotedError} `CLOSED` after `close()`. */
  assertOpen(): void {
    if (this.#state === "closed") throw closedError();
  }

  /** Ends everything. Idempotent. */
  close(): Promise<void> {
    return this.#closed ??= this.#closeAll();
  }

  async #closeAll(): Promise<void> {
    const { snapshotFile, refreshSignal } = this.#setup;
    this.#state = "closed";
    this.#warningTimer?.cancel();
    refreshSignal?.remove();
    this.#close.abort(closedError());
    await snapshotFile?.close();
    await this.#catalog?.close();
    await this.services.close();
    await this.#session.close();
  }

  readonly #createWatch: CreateWatch = (query, intervalMs, observer) => {
    if (this.options.mode === "on-demand") {
      return new OnDemandWatch(query, this.#session, this.options, observer);
    }
    const restored = this.#setup.snapshotFile?.restored.get(queryKey(query));
    return new LiveWatch(query, intervalMs, this.#session, this.options, observer, restored);
  };

  async #refreshAll(): Promise<void> {
    if (this.options.reload) await this.#reload();
    await this.#catalog?.refresh();
    if (this.#state !== "closed") await this.services.refresh();
  }

  /** Follows the patterns of a configuration. Loaded only where there are any. */
  async #follow({ patterns = [] }: Config): Promise<void> {
    if (this.#catalog === undefined) {
      if (patterns.length === 0) return;
      const { Catalog } = await loadModule(() => import("./catalog.ts"));
      if (this.#state === "closed") return;
      const { events, options, services } = this;
      this.#catalog = new Catalog({ session: this.#session, events, options, services });
    }
    await this.#catalog.configure(patterns);
  }

  #startFailure(): PilotedError | undefined {
    const failure = this.#catalog?.startFailure;
    const isAll = failure?.code === "UNSUPPORTED" || this.#config.watches.length === 0;
    return isAll ? failure : this.services.startFailure();
  }

  /** Takes over the file as it is now, or keeps the old configuration and reports why. */
  async #reload(): Promise<void> {
    try {
      const taking = this.#takeOver();
      void this.#session.reloading(taking);
      const config = await taking;
      if (this.#state === "closed") return;
      this.#warn();
      await Promise.all([this.services.configure(config.watches), this.#follow(config)]);
    } catch (cause) {
      const error = cause instanceof PilotedError ? cause : new PilotedError(
        "CONFIG_INVALID",
        "Cannot reload the configuration: reading it failed; the old one stays in use",
        { cause },
      );
      this.events.emit("error", error);
    }
  }

  async #takeOver(): Promise<Config> {
    const config = await this.#setup.reload();
    if (this.#state === "closed") return config;
    const isSame = isSameRegistry(config, this.#config) &&
      JSON.stringify(config.static) === JSON.stringify(this.#config.static);
    this.#config = config;
    if (!isSame) this.#reconnect(config);
    return config;
  }

  /** The new connection is in use before the old one is closed, which waits for its own reads. */
  #reconnect(config: Config): void {
    const replaced = this.#session.replace(this.#setup.connect(config));
    for (const watch of this.#watches) watch.reconnect();
    this.#catalog?.reconnect();
    replaced.catch((cause) => {
      const message = "Cannot close the connection to the former registry";
      this.events.emit("error", new PilotedError("REGISTRY_UNREACHABLE", message, { cause }));
    });
  }

  #warn(): void {
    for (const warning of this.#config.warnings) this.events.emit("warning", warning);
    this.#catalog?.warn();
  }

  #emptyHint(): string {
    const isConsul = this.options.source === undefined && this.#config.upstream === undefined;
    const { token, tokenFile, tokenProvider, login } = this.#config.consul;
    if (!isConsul || (token ?? tokenFile ?? tokenProvider ?? login) !== undefined) return "";
    return " (no token is sent; with ACLs on, Consul then lists nothing)";
  }
}

function closedError(): PilotedError {
  return new PilotedError("CLOSED", "Cannot use this client: it was closed");
}
