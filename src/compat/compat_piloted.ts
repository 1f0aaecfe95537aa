/**
 * node-piloted's class.
 *
 * @module
 */
import { createPiloted } from "../client/create_piloted.ts";
import type { Piloted } from "../client/piloted.ts";
import { parseConfig } from "../client/read_config.ts";
import type { ConfigInput } from "../config/resolve_config.ts";
import { environment } from "../runtime/environment.ts";

/** A configuration as node-piloted takes it. */
export interface CompatConfig {
  /** Address of Consul. @default `$CONSUL_HOST:$CONSUL_PORT`, and `consul:8500` without these */
  readonly consul?: string | undefined;
  /** Services to watch. */
  readonly watches?:
    | readonly { readonly name: string; readonly [key: string]: unknown }[]
    | undefined;
}

/** An address of a service. */
export interface CompatService {
  /** IP address or host name. */
  readonly address: string;
  /** TCP port. */
  readonly port: number;
}

type Listener = (...args: readonly unknown[]) => void;

/** The interface of node-piloted on a client that refreshes itself. */
export class CompatPiloted {
  readonly #listeners = new Map<string, { readonly call: Listener; readonly once: boolean }[]>();
  #names: readonly string[] = [];
  #client: Piloted | undefined;
  #starting: Promise<void> | undefined;
  #isRefreshing = false;

  /**
   * Configures the client. Calling it again replaces the configuration.
   *
   * @param config An object, or the text of a configuration file (not its path).
   * @param callback Called when the services have been read, with an error if that failed.
   * @returns Resolves when the services have been read; `undefined` with a callback.
   * @throws {TypeError} when the configuration is missing or of another kind.
   * @throws {PilotedError} when it is invalid or Consul gave no list; by rejecting.
   */
  config(config: CompatConfig | string): Promise<void>;
  /**
   * As above, with a callback instead of a promise.
   *
   * @param config An object, or the text of a configuration file.
   * @param callback Called when the services have been read, with an error if that failed.
   */
  config(config: CompatConfig | string, callback: (error?: unknown) => void): undefined;
  config(
    config: CompatConfig | string,
    callback?: (error?: unknown) => void,
  ): Promise<void> | undefined {
    if (!config || (typeof config !== "object" && typeof config !== "string")) {
      throw new TypeError("Cannot configure: config must exist and be an object or a string");
    }
    const starting = this.#start(config);
    this.#starting = starting;
    if (callback === undefined) return starting;
    starting.then(() => callback(), callback);
    return undefined;
  }

  /**
   * The next endpoint, synchronously. Without `config()` the file in `$CONTAINERPILOT` is used.
   *
   * @param name Name of a watched service.
   * @returns Its address and port; `null` before the first list, and when there is none.
   * @throws {Error} when the service is not watched.
   */
  service(name: string): CompatService | null {
    const client = this.#watching(name);
    if (client === undefined || client.serviceHosts(name).length === 0) return null;
    return toService(client.pick(name));
  }

  /**
   * Every endpoint, synchronously.
   *
   * @param name Name of a watched service.
   * @returns Their addresses and ports; `null` before the first list.
   * @throws {Error} when the service is not watched.
   */
  serviceHosts(name: string): CompatService[] | null {
    const client = this.#watching(name);
    if (client === undefined || client.status(name).ageMs === undefined) return null;
    return client.serviceHosts(name).map(toService);
  }

  /** Reads every service again. `refresh` is emitted when that is done. Joins one under way. */
  refresh(): void {
    const client = this.#client;
    if (client === undefined || this.#isRefreshing) return;
    this.#isRefreshing = true;
    const done = () => this.#isRefreshing = false;
    client.refresh().then(done, done);
  }

  /**
   * Adds a listener. `refresh` is emitted after each refresh, and whenever a list changes by itself.
   *
   * @param type `"refresh"`.
   * @param listener Called with no arguments.
   */
  on(type: "refresh", listener: () => void): this {
    return this.#add(type, listener, false);
  }

  /** As {@linkcode CompatPiloted.on}. */
  addListener(type: "refresh", listener: () => void): this {
    return this.on(type, listener);
  }

  /** As {@linkcode CompatPiloted.on}, for the next event alone. */
  once(type: "refresh", listener: () => void): this {
    return this.#add(type, listener, true);
  }

  /** Removes a listener. */
  off(type: "refresh", listener: () => void): this {
    const listeners = this.#listeners.get(type) ?? [];
    const index = listeners.findLastIndex(({ call }) => call === listener);
    if (index >= 0) this.#listeners.set(type, listeners.toSpliced(index, 1));
    return this;
  }

  /** As {@linkcode CompatPiloted.off}. */
  removeListener(type: "refresh", listener: () => void): this {
    return this.off(type, listener);
  }

  /** Removes every listener. */
  removeAllListeners(type?: "refresh"): this {
    if (type === undefined) this.#listeners.clear();
    else this.#listeners.delete(type);
    return this;
  }

  /** How many listeners there are. */
  listenerCount(type: "refresh"): number {
    return this.#listeners.get(type)?.length ?? 0;
  }

  /** Ends everything. node-piloted has no end: its process lives on by what else it does. */
  async close(): Promise<void> {
    await this.#starting?.catch(() => {});
    const client = this.#client;
    this.#client = undefined;
    this.#starting = undefined;
    await client?.close();
  }

  async #start(input: CompatConfig | string): Promise<void> {
    const before = this.#starting;
    const env = environment();
    const config = typeof input === "string"
      ? await parseConfig(input, { env })
      : { ...input, consul: input.consul ?? defaultConsul(env) };
    this.#names = (config.watches ?? []).map(({ name }) => name);
    await before?.catch(() => {});
    await this.#open(config as ConfigInput);
  }

  async #open(config: ConfigInput): Promise<void> {
    // node-piloted asks for passing instances alone, and its lists hold no process.
    const client = await createPiloted({ config, health: "passing", keepProcessAlive: false });
    const old = this.#client;
    this.#client = client;
    this.#names = client.services;
    client.on("refresh", () => this.#emit("refresh"));
    client.on("change", () => {
      if (!this.#isRefreshing) this.#emit("refresh");
    });
    await old?.close();
  }

  #watching(name: string): Piloted | undefined {
    if (this.#starting === undefined) this.#startFromEnvironment();
    if (this.#client !== undefined && !this.#client.has(name) || !this.#isExpected(name)) {
      throw new Error(`${name} isn't configured to be watched`);
    }
    return this.#client;
  }

  // While a file is being read nobody knows which services it has.
  #isExpected(name: string): boolean {
    return this.#names.length === 0 && this.#client === undefined && this.#starting !== undefined ||
      this.#names.includes(name);
  }

  #startFromEnvironment(): void {
    if (!environment({ quiet: true }).CONTAINERPILOT) return;
    this.#starting = this.#open(undefined);
    this.#starting.then(() => this.#emit("refresh"), () => {});
  }

  #add(type: string, call: Listener, once: boolean): this {
    if (typeof call !== "function") {
      throw new TypeError(
        `Cannot listen: the listener must be a function, received ${typeof call}`,
      );
    }
    this.#listeners.set(type, [...this.#listeners.get(type) ?? [], { call, once }]);
    return this;
  }

  #emit(type: string): void {
    const listeners = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, listeners.filter(({ once }) => !once));
    for (const { call } of listeners) call();
  }
}

function toService({ address, port }: CompatService): CompatService {
  return { address, port };
}

function defaultConsul(env: Readonly<Record<string, string | undefined>>): string {
  return `${env.CONSUL_HOST || "consul"}:${env.CONSUL_PORT || 8500}`;
}
