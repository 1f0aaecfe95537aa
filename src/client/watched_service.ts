/**
 * One service that can be looked up.
 *
 * @module
 */
import { EndpointPool } from "../balance/endpoint_pool.ts";
import { mergeAddresses } from "../balance/merge_addresses.ts";
import type { WatchConfig } from "../config/config.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import type { PickOptions } from "../balance/balancer.ts";
import { type InstanceCounts, PilotedError } from "../errors.ts";
import { loadModule } from "../load_module.ts";
import { reachOf } from "../reach.ts";
import { type Change, diffEndpoints } from "../snapshot.ts";
import type { Query } from "../source/source.ts";
import type { ServiceStatus, WatchStateName } from "../watch/status.ts";
import type { WatchObserver } from "../watch/watch.ts";
import { queryKey, type Subscription, type WatchSet } from "../watch/watch_set.ts";
import { noMatch } from "./no_match.ts";
import type { Events } from "./events.ts";
import { Failover, type Target } from "./failover.ts";
import type { Inspection } from "./inspect.ts";
import { HealthChecks } from "./health_checks.ts";
import type { ResolvedOptions } from "./options.ts";

// From best to worst; the state of a service is the worst of its watches.
const STATES: readonly WatchStateName[] = [
  "live",
  "unconfirmed",
  "stale",
  "denied",
  "restored",
  "pending",
  "closed",
];

/** What a service shares with the others of its client. */
export interface ServiceContext {
  /** Options of the client. */
  readonly options: ResolvedOptions;
  /** Where watches are shared. */
  readonly watches: WatchSet;
  /** Receives changes, states and errors. */
  readonly events: Events;
  /** What else may be the reason for an empty list, such as a missing token. */
  readonly emptyHint: () => string;
}

/**
 * All watches of one name. Their lists are one list: a service that is watched under two tags, or
 * in two datacenters, has the endpoints of both.
 */
export class WatchedService {
  /** Name that it is looked up by: `as` of its watches, else the name of the service. */
  readonly name: string;
  /** The current endpoints and the balancer over them. */
  readonly pool: EndpointPool;
  readonly #context: ServiceContext;
  readonly #observer: WatchObserver;
  readonly #failover: Failover;
  readonly #healthChecks: HealthChecks | undefined;
  readonly #subscriptions = new Map<string, Subscription>();
  #watches: readonly WatchConfig[] = [];
  #wanted: ReadonlyMap<string, WatchConfig> = new Map();
  // How many own lists the pool's list was made of; 0 for a standby's, and for one with merged addresses.
  #listCount = 1;

  /**
   * Creates a service of which nothing is known yet.
   *
   * @param name Name of the service.
   * @param context What it shares with the others.
   */
  constructor(name: string, context: ServiceContext) {
    const { options, events } = context;
    const { clock, random, zone, rotationStart } = options;
    this.name = name;
    this.#context = context;
    const healthCheck = options.healthChecks(name);
    this.pool = new EndpointPool({
      balancer: options.balancer(name),
      outliers: options.outliers,
      rotationStart,
      zone,
      split: options.split(name),
      subset: options.subset,
      isProbed: healthCheck !== undefined,
      clock,
      random,
      onEvent: (event) => {
        this.#healthChecks?.changed();
        events.emit("balance", { service: name, ...event });
      },
    });
    this.#healthChecks = healthCheck &&
      new HealthChecks(this.pool, healthCheck, { clock, random });
    this.#observer = {
      accepted: () => {
        if (zone !== undefined) this.pool.update(this.pool.endpoints, this.#listed());
      },
      changed: (change) => this.#update(change),
      stateChanged: () => {
        this.#failover.update(this.subscriptions);
        events.emit("status", this.status());
      },
      failed: (error: PilotedError) => {
        events.emit("error", error);
        this.#failover.update(this.subscriptions);
      },
    };
    this.#failover = new Failover({
      targets: options.failover(name),
      clock,
      hasTimers: options.mode === "live",
      background: !options.keepProcessAlive,
      subscribe: (target) =>
        this.#watches.filter(isOwn).map((watch) => this.#subscribe(watch, target)),
      changed: () => this.#merge(),
    });
  }

  /** The own watches. */
  get subscriptions(): readonly Subscription[] {
    return [...this.#subscriptions.values()];
  }

  /**
   * Takes the watches that the configuration has for this name; those that stay are not disturbed.
   *
   * @param watches All of this name, in the configuration's order.
   */
  async configure(watches: readonly WatchConfig[]): Promise<void> {
    this.#watches = watches;
    const wanted = new Map(watches.map((watch) => [queryKey(queryOf(watch)), watch]));
    this.#wanted = wanted;
    for (const [key, watch] of wanted) {
      if (!this.#subscriptions.has(key)) this.#subscriptions.set(key, this.#subscribe(watch));
    }
    if (this.#context.options.mode === "live") await this.#settled();
    // By now another configuration may be the last one.
    const gone = [...this.#subscriptions].filter(([key]) => !this.#wanted.has(key));
    for (const [key] of gone) this.#subscriptions.delete(key);
    this.#update();
    await Promise.all(gone.map(([, subscription]) => subscription.end()));
  }

  /**
   * Makes sure that the list is fresh enough to be handed out; a standby datacenter's too, where it
   * is needed.
   *
   * @param waitUntil Receives work that goes on when there is nothing to wait for.
   * @returns Settles when the list may be used; `undefined` when it may be used at once.
   */
  load(waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    const own = loadAll(this.#subscriptions.values(), waitUntil);
    const standbyCount = this.#context.options.failover(this.name).length;
    if (standbyCount === 0) return own;
    if (own === undefined) {
      this.#failover.update(this.subscriptions);
      return loadAll(this.#failover.subscriptions, waitUntil);
    }
    return own.then(async () => {
      // A standby that has no endpoints either leads to the next one.
      for (let read = 0; read < standbyCount; read++) {
        this.#failover.update(this.subscriptions);
        await loadAll(this.#failover.subscriptions, waitUntil);
      }
    });
  }

  /**
   * Reads every watch again, beside the blocking queries.
   *
   * @returns Whether every read succeeded.
   */
  async refresh(): Promise<boolean> {
    const subscriptions = [...this.subscriptions, ...this.#failover.subscriptions];
    const results = await Promise.allSettled(subscriptions.map(({ watch }) => watch.refresh()));
    return results.every(({ status }) => status === "fulfilled");
  }

  /**
   * Reads every instance of every watch, and what its checks say.
   *
   * @param signal Aborts the reads.
   */
  async inspect(signal: AbortSignal): Promise<Inspection> {
    const { inspectWatches } = await loadModule(() => import("./inspect.ts"));
    const subscriptions = [...this.subscriptions, ...this.#failover.subscriptions];
    return await inspectWatches(subscriptions.map(({ watch }) => watch), signal);
  }

  /**
   * Why there is no endpoint to hand out.
   *
   * @param options What was asked for.
   */
  noEndpoints(options?: PickOptions): PilotedError {
    const { name: service } = this;
    const { endpoints } = this.pool;
    const split = options?.split ?? this.#context.options.split(service);
    const unmatched = noMatch(service, endpoints, options, split);
    if (unmatched !== undefined) return unmatched;
    const instances = this.#instanceCounts();
    const own = this.subscriptions.map(({ watch }) => watch.state);
    const cause = own.find(({ error }) => error !== undefined)?.error;
    // With several watches each may have its own reason.
    const reasons = [...new Set(own.map((state) => state.emptyReason()))];
    const isExplained = own.some(({ isDeniedByDefault }) => isDeniedByDefault);
    const isUnexplained = cause === undefined && instances.listed === 0 && !isExplained;
    const hint = isUnexplained ? this.#context.emptyHint() : "";
    return new PilotedError(
      "NO_ENDPOINTS",
      `Cannot pick an endpoint of ${JSON.stringify(service)}: ${reasons.join("; ")}${hint}`,
      { service, cause, instances },
    );
  }

  /** What is known, how fresh it is, and why it is not fresher. */
  status(): ServiceStatus {
    const own = this.subscriptions.map(({ watch }) => watch.status());
    const standby = this.#failover.subscriptions.map(({ watch }) => watch.status());
    let worst = own[0];
    for (const watch of own) {
      if (STATES.indexOf(watch.state) > STATES.indexOf(worst!.state)) worst = watch;
    }
    const ages = own.map(({ ageMs }) => ageMs);
    return {
      service: this.name,
      state: worst?.state ?? "closed",
      endpointCount: this.pool.endpoints.length,
      ageMs: ages.some((age) => age === undefined) ? undefined : Math.max(...ages as number[]),
      reason: worst?.reason,
      failover: this.#failover.standIn,
      balance: this.pool.status(),
      watches: [...own, ...standby],
    };
  }

  /** Ends every watch of this name. */
  async close(): Promise<void> {
    const { subscriptions } = this;
    this.#healthChecks?.close();
    this.#subscriptions.clear();
    await Promise.all([this.#failover.close(), ...subscriptions.map((each) => each.end())]);
  }

  #subscribe(watch: WatchConfig, target: Target = {}): Subscription {
    const query = queryOf(watch, target);
    return this.#context.watches.subscribe(query, watch.intervalMs, this.#observer);
  }

  /** Waits until every watch has been read once, a standby datacenter included where it is needed. */
  async #settled(): Promise<void> {
    await Promise.all(this.subscriptions.map(({ watch }) => watch.settled));
    this.#update();
    await this.#failover.settled();
  }

  #update(change?: Change): void {
    this.#failover.update(this.subscriptions);
    this.#merge(change);
  }

  #merge(reported?: Change): void {
    const lists = this.#failover.lists ?? this.subscriptions.map(({ watch }) => watch.endpoints);
    const list = mergeAddresses(lists.length === 1 ? lists[0]! : union(lists));
    // The usual case, one watch and its change, needs no second comparison.
    const isSame = reported !== undefined && reported.endpoints === list && this.#listCount === 1 &&
      reported.service === this.name;
    const change = isSame ? reported : diffEndpoints(this.name, this.pool.endpoints, list);
    const isOwn = this.#failover.lists === undefined && list === lists[0];
    this.#listCount = isOwn ? 1 : 0;
    if (change === undefined) return;
    this.pool.update(change.endpoints, this.#listed());
    this.#context.events.emit("change", change);
  }

  /** Every instance whatever its health, where zones need them. */
  #listed(): readonly Endpoint[] | undefined {
    if (this.#failover.lists !== undefined) return undefined;
    const listed = this.subscriptions.flatMap(({ watch }) => watch.state.listed);
    return listed.length === 0 ? undefined : listed;
  }

  #instanceCounts(): InstanceCounts {
    const total = { listed: 0, passing: 0, warning: 0, critical: 0, maintenance: 0, skipped: 0 };
    for (const { watch } of this.subscriptions) {
      const counts = watch.status().instanceCounts;
      for (const name of Object.keys(total) as (keyof InstanceCounts)[]) {
        total[name] += counts[name];
      }
    }
    return Object.freeze(total);
  }
}

/** What a watch reads; at a target, where that stands in. */
function queryOf(watch: WatchConfig, target: Target = {}): Query {
  const { name: service, tag, datacenter } = watch;
  const { peer = watch.peer, address = watch.address } = target;
  return {
    service,
    tag,
    datacenter: target.datacenter ?? datacenter,
    ...reachOf({ ...watch, peer, address }),
  };
}

// Only what is read in the own datacenter has stand-ins.
function isOwn({ datacenter, peer }: WatchConfig): boolean {
  return datacenter === undefined && peer === undefined;
}

/** Loads what is not fresh; one that fails keeps its list and does not hold up the others. */
function loadAll(
  subscriptions: Iterable<Subscription>,
  waitUntil?: (work: Promise<unknown>) => void,
): Promise<void> | undefined {
  let waiting: Promise<void>[] | undefined;
  for (const { watch } of subscriptions) {
    const loading = watch.load(waitUntil);
    if (loading !== undefined) (waiting ??= []).push(loading);
  }
  return waiting === undefined ? undefined : Promise.all(waiting).then(() => {});
}

function union(lists: readonly (readonly Endpoint[])[]): readonly Endpoint[] {
  const merged = new Map<string, Endpoint>();
  for (const list of lists) {
    for (const endpoint of list) merged.set(endpointIdentity(endpoint), endpoint);
  }
  return [...merged.values()];
}
