/**
 * Services that are watched because their names match a pattern.
 *
 * A gateway or an admin tool does not know the names in advance. The list of services in the registry
 * says which there are; each that matches gets a watch of its own, so that everything else (guards,
 * failover, balancing) is the same as for a service that the configuration names. A service that is
 * no longer listed goes when its own list is empty as well: a list of services that is suddenly short
 * (a token that lost a right, a restored server) must not take endpoints away that are still listed.
 *
 * @module
 */
import type { ConfigWarning, PatternConfig } from "../config/config.ts";
import type { PilotedError } from "../errors.ts";
import { type FollowerContext, PatternFollower } from "./pattern_follower.ts";

/** All patterns of a client. */
export class Catalog {
  readonly #context: FollowerContext;
  // At the start nobody listens yet.
  #isReady = false;
  #followers = new Map<string, PatternFollower>();
  #removeListener: () => void;

  /** Creates a catalog without patterns. */
  constructor(context: Omit<FollowerContext, "warn">) {
    const { events } = context;
    const warn = (warning: ConfigWarning) => {
      if (this.#isReady) events.emit("warning", warning);
    };
    this.#context = { ...context, warn };
    // A service that is no longer listed may go once it has no endpoints.
    this.#removeListener = events.on("change", ({ service, endpoints }) => {
      if (endpoints.length > 0) return;
      for (const follower of this.#followers.values()) follower.emptied(service);
    });
  }

  /** Why no pattern could be followed; `undefined` when one could, or there is none. */
  get startFailure(): PilotedError | undefined {
    const failures = [...this.#followers.values()].map(({ failure }) => failure);
    const unsupported = failures.find((failure) => failure?.code === "UNSUPPORTED");
    return unsupported ?? (failures.includes(undefined) ? undefined : failures[0]);
  }

  /**
   * Takes the patterns of a configuration. With mode `"live"` the services that match have been read
   * once when this resolves.
   *
   * @param patterns All patterns.
   */
  async configure(patterns: readonly PatternConfig[]): Promise<void> {
    const before = this.#followers;
    const followers = new Map<string, PatternFollower>();
    for (const pattern of patterns) {
      const key = JSON.stringify(pattern);
      const follower = before.get(key) ?? new PatternFollower(
        pattern,
        this.#context,
        () => this.#apply(),
      );
      followers.set(key, follower);
    }
    this.#followers = followers;
    if (this.#context.options.mode === "live") {
      await Promise.all([...followers.values()].map((follower) => follower.start()));
    }
    const gone = [...before].filter(([key]) => !followers.has(key));
    await Promise.all(gone.map(([, follower]) => follower.stop()));
    if (gone.length > 0) await this.#apply();
  }

  /** Whether a pattern matches a name, and it is not known yet which services there are. */
  mayFind(name: string): boolean {
    return [...this.#followers.values()].some((follower) =>
      !follower.isListed && follower.matches(name)
    );
  }

  /**
   * Makes sure that a service is known if there is one, with mode `"on-demand"`.
   *
   * @param name Any name.
   * @param waitUntil Receives work that goes on when there is nothing to wait for.
   * @returns Settles when it is known whether there is one; `undefined` when that is known now.
   */
  load(
    name: string,
    waitUntil?: (work: Promise<unknown>) => void,
  ): Promise<void> | undefined {
    const isKnown = this.#context.services.get(name) !== undefined;
    const due = [...this.#followers.values()].filter((follower) =>
      follower.isDue && follower.matches(name)
    );
    if (due.length === 0) return undefined;
    const listed = Promise.all(due.map((follower) => follower.read())).then(() => {});
    if (!isKnown) {
      waitUntil?.(listed.catch(() => {}));
      return listed;
    }
    const work = listed.catch(() => {});
    waitUntil?.(work);
    return undefined;
  }

  /** Lists the services again. One that fails is reported and keeps its services. */
  async refresh(): Promise<void> {
    await Promise.allSettled([...this.#followers.values()].map((follower) => follower.read()));
  }

  /** The registry was replaced by another one. */
  reconnect(): void {
    for (const follower of this.#followers.values()) follower.reconnect();
  }

  /** Emits the warnings that there are. From now on they are emitted as they come. */
  warn(): void {
    this.#isReady = true;
    for (const { warning } of this.#followers.values()) {
      if (warning !== undefined) this.#context.events.emit("warning", warning);
    }
  }

  /** Ends every list. */
  async close(): Promise<void> {
    this.#removeListener();
    await Promise.all([...this.#followers.values()].map((follower) => follower.stop()));
  }

  #apply(): Promise<void> {
    const watches = [...this.#followers.values()].flatMap((follower) => follower.watches);
    return this.#context.services.discover(watches);
  }
}
