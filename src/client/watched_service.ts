/**
 * One service that can be asked for.
 *
 * @module
 */
import { EndpointPool } from "../balance/endpoint_pool.ts";
import type { WatchConfig } from "../config/config.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { type Change, diffEndpoints } from "../snapshot.ts";
import type { Query } from "../source/source.ts";
import type { Events } from "./events.ts";
import { Failover } from "./failover.ts";
import type { ResolvedOptions } from "./options.ts";
import type { ServiceStatus, WatchStateName } from "../watch/status.ts";
import type { WatchObserver } from "../watch/watch_record.ts";
import { queryKey, type Subscription, type Watchers } from "../watch/watch_set.ts";

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

/**
 * All watches of one name. Their lists are one list: a service that is watched under two tags, or
 * in two datacenters, has the endpoints of both.
 */
export class WatchedService {
  /** Name of the service. */
  readonly name: string;
  /** The current endpoints and the balancer over them. */
  readonly pool: EndpointPool;
  readonly #events: Events;
  readonly #watchers: Watchers;
  readonly #observer: WatchObserver;
  readonly #failover: Failover;
  readonly #subscriptions = new Map<string, Subscription>();
  #watches: readonly WatchConfig[] = [];
  // How many own lists the pool's list was made of; 0 for a standby's.
  #lists = 1;

  /**
   * Makes a service that nothing is known of yet.
   *
   * @param name Name of the service.
   * @param options Options of the client.
   * @param watchers Where watches are shared.
   * @param events Where changes, states and errors are told.
   */
  constructor(name: string, options: ResolvedOptions, watchers: Watchers, events: Events) {
    this.name = name;
    this.#events = events;
    this.#watchers = watchers;
    this.pool = new EndpointPool({
      balancer: options.balancer(name),
      outliers: options.outliers,
      zone: options.zone,
      clock: options.clock,
      random: options.random,
      onEvent: (event) => this.#events.emit("balance", { service: name, ...event }),
    });
    this.#observer = {
      believed: () => {
        if (options.zone !== undefined) this.pool.update(this.pool.endpoints, this.#known());
      },
      changed: (change) => this.#update(change),
      stateChanged: () => {
        this.#events.emit("status", this.status());
        this.#failover.update(this.subscriptions);
      },
      failed: (error: PilotedError) => {
        this.#events.emit("error", error);
        this.#failover.update(this.subscriptions);
      },
    };
    this.#failover = new Failover({
      datacenters: options.failover(name),
      clock: options.clock,
      background: !options.keepAlive,
      subscribe: (datacenter) =>
        this.#watches.filter(({ datacenter }) => datacenter === undefined).map((watch) =>
          this.#watchers.subscribe(
            { ...toQuery(watch), datacenter },
            watch.intervalMs,
            this.#observer,
          )
        ),
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
    const wanted = new Map(watches.map((watch) => [queryKey(toQuery(watch)), watch]));
    const gone = [...this.#subscriptions].filter(([key]) => !wanted.has(key));
    for (const [key, watch] of wanted) {
      if (this.#subscriptions.has(key)) continue;
      this.#subscriptions.set(
        key,
        this.#watchers.subscribe(toQuery(watch), watch.intervalMs, this.#observer),
      );
    }
    await this.asked();
    for (const [key, subscription] of gone) {
      this.#subscriptions.delete(key);
      await subscription.end();
    }
    this.#update();
  }

  /** Waits until every watch has been asked once, a standby datacenter included where it is needed. */
  async asked(): Promise<void> {
    await Promise.all(this.subscriptions.map(({ watcher }) => watcher.asked));
    this.#update();
    await this.#failover.asked();
  }

  /**
   * Asks again beside the long polls.
   *
   * @returns Whether every watch was answered.
   */
  async refresh(): Promise<boolean> {
    const subscriptions = [...this.subscriptions, ...this.#failover.subscriptions];
    const results = await Promise.allSettled(subscriptions.map(({ watcher }) => watcher.refresh()));
    return results.every(({ status }) => status === "fulfilled");
  }

  /** Why there is nothing to pick. */
  noEndpoints(): PilotedError {
    const failed = this.subscriptions.find(({ watcher }) => watcher.error !== undefined);
    const why = failed?.watcher.error?.message ?? "the registry lists no healthy instance";
    return new PilotedError(
      "NO_ENDPOINTS",
      `Cannot pick an endpoint of ${JSON.stringify(this.name)}: ${why}`,
      { service: this.name, cause: failed?.watcher.error },
    );
  }

  /** What is known, how fresh it is, and why it is not fresher. */
  status(): ServiceStatus {
    const own = this.subscriptions.map(({ watcher }) => watcher.status());
    const standby = this.#failover.subscriptions.map(({ watcher }) => watcher.status());
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
      failover: this.#failover.datacenter,
      balance: this.pool.status(),
      watches: [...own, ...standby],
    };
  }

  /** Ends every watch of this name. */
  async close(): Promise<void> {
    const subscriptions = this.subscriptions;
    this.#subscriptions.clear();
    await Promise.all([this.#failover.close(), ...subscriptions.map((each) => each.end())]);
  }

  #update(change?: Change): void {
    this.#failover.update(this.subscriptions);
    this.#merge(change);
  }

  #merge(told?: Change): void {
    const lists = this.#failover.lists ??
      this.subscriptions.map(({ watcher }) => watcher.endpoints);
    const list = lists.length === 1 ? lists[0]! : union(lists);
    // The usual case, one watch and its change, needs no second comparison.
    const same = told !== undefined && told.endpoints === list && this.#lists === 1;
    const change = same ? told : diffEndpoints(this.name, this.pool.endpoints, list);
    this.#lists = this.#failover.lists === undefined ? lists.length : 0;
    if (change === undefined) return;
    this.pool.update(change.endpoints, this.#known());
    this.#events.emit("change", change);
  }

  /** Every instance in whatever health, where zones need them. */
  #known(): readonly Endpoint[] | undefined {
    if (this.#failover.lists !== undefined) return undefined;
    const known = this.subscriptions.flatMap(({ watcher }) => watcher.known);
    return known.length === 0 ? undefined : known;
  }
}

function toQuery(watch: WatchConfig): Query {
  return { service: watch.name, tag: watch.tag, datacenter: watch.datacenter };
}

function union(lists: readonly (readonly Endpoint[])[]): readonly Endpoint[] {
  const merged = new Map<string, Endpoint>();
  for (const list of lists) {
    for (const endpoint of list) merged.set(endpointIdentity(endpoint), endpoint);
  }
  return [...merged.values()];
}
