/**
 * The pool.
 *
 * @module
 */
// @ts-types="npm:@types/pg@^8.11.0"
import pg, { type PoolClient } from "pg";
import { fullJitter } from "../../backoff.ts";
import type { Piloted } from "../../client/piloted.ts";
import { systemClock } from "../../clock.ts";
import { onAbort, sleep } from "../../wait.ts";
import { isWorthAnotherTry } from "./connect_failure.ts";
import { type ClientClass, endpointClient, PoolClients } from "./endpoint_client.ts";
import { PoolEndpoints } from "./pool_endpoints.ts";
import {
  checkPoolOptions,
  type PilotedPoolConfig,
  type PilotedPoolOptions,
} from "./pool_options.ts";

type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: Error | boolean) => void,
) => void;

// Between attempts to connect: a random part of 20 ms that doubles, up to 500 ms.
const BACKOFF = { baseMs: 20, maxMs: 500 };

/**
 * A pool of node-postgres whose connections follow a service. Each new connection goes to a healthy
 * endpoint; when it can't be opened, another endpoint is tried, for `waitMs` (or
 * `connectionTimeoutMillis`, if that is shorter). When an endpoint is not listed any more, or has lost
 * a tag, its idle connections are closed, and the others after the work under way, or after `drainMs`.
 * While nothing else is listed, or nothing else can be connected to, they stay.
 *
 * Losing a connection is no error of the pool: the query under way fails, and the next one gets another
 * connection. So the event `error` needs no listener here.
 *
 * @example
 * ```ts ignore
 * import { PilotedPool } from "@piloted/core/pg";
 *
 * const pool = new PilotedPool(piloted, "db", { user: "app", database: "shop" }, {
 *   tags: ["primary"],
 * });
 * await pool.query("SELECT 1");
 * await pool.end();
 * ```
 */
export class PilotedPool extends pg.Pool {
  readonly #clients: PoolClients;
  readonly #endpoints: PoolEndpoints;
  readonly #options: PilotedPoolOptions;
  readonly #waitMs: number;
  readonly #stopListening: () => void;
  #ended: Promise<void> | undefined;

  /**
   * Creates a pool. It connects when a query is made.
   *
   * @param piloted The client. Closing it ends the pool.
   * @param name Name of a watched service.
   * @param config Options of node-postgres' own pool, without `host` and `port`. Those in a
   * `connectionString` are ignored. With TLS set `ssl.servername` to a name in the certificate.
   * @param options Which endpoints are meant, and how long things may take.
   * @throws {PilotedError} `UNKNOWN_SERVICE` when the service is not watched, `CLOSED` after `close()`,
   * `UNSUPPORTED` with mode `"on-demand"`.
   * @throws {TypeError} when an option is unknown, of the wrong type, or says where to connect to.
   * @throws {RangeError} when a number is out of its range.
   */
  constructor(
    piloted: Piloted<string>,
    name: string,
    config: PilotedPoolConfig = {},
    options: PilotedPoolOptions = {},
  ) {
    checkPoolOptions(config, options);
    const clients = new PoolClients();
    const Base = (config.Client ?? pg.Client) as ClientClass;
    super({ ...config, Client: endpointClient(Base, clients, () => this.#endpoints) });
    this.#clients = clients;
    this.#options = options;
    const { connectionTimeoutMillis: limitMs } = config;
    this.#waitMs = Math.min(options.waitMs ?? 5_000, limitMs || Infinity);
    this.#endpoints = new PoolEndpoints(
      piloted,
      name,
      { ...options, waitMs: this.#waitMs },
      (host) => this.#leave(host),
    );
    this.on("error", () => {});
    this.#stopListening = onAbort(piloted.closeSignal, () => void this.end());
  }

  /**
   * A connection for the time of some work, such as a transaction. Call `release()` on it.
   *
   * @returns The connection.
   * @throws {PilotedError} `NO_ENDPOINTS` when nothing could be connected to within `waitMs`; `CLOSED`
   * after the client was closed.
   */
  override connect(): Promise<PoolClient>;
  /**
   * The same with a callback.
   *
   * @param callback Called with the connection and its `release()`.
   */
  override connect(
    callback: (
      error: Error | undefined,
      client: PoolClient | undefined,
      done: (release?: Error | boolean) => void,
    ) => void,
  ): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    const connected = this.#connect();
    if (callback === undefined) return connected;
    connected.then(
      (client) => callback(undefined, client, client.release),
      (error) => callback(error, undefined, () => {}),
    );
  }

  /** Closes every connection when its work has ended. Idempotent. */
  override end(): Promise<void>;
  /**
   * The same with a callback.
   *
   * @param callback Called when every connection is closed.
   */
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    this.#ended ??= this.#end();
    if (callback === undefined) return this.#ended;
    this.#ended.then(callback, callback);
  }

  async #end(): Promise<void> {
    this.#stopListening();
    await Promise.all([super.end(), this.#endpoints.close()]);
  }

  async #connect(): Promise<PoolClient> {
    const { clock = systemClock, random } = this.#options;
    const end = clock.now() + this.#waitMs;
    for (let failureCount = 0;;) {
      try {
        const client = await super.connect();
        if (!this.#hasLeft(client)) return this.#handOut(client);
        client.release(true);
      } catch (error) {
        const pauseMs = fullJitter(failureCount++, { ...BACKOFF, random });
        if (!isWorthAnotherTry(error) || this.#ended || clock.now() + pauseMs >= end) throw error;
        await sleep(clock, pauseMs);
      }
    }
  }

  // The pool removes a connection that is released with `true`.
  #handOut(client: PoolClient): PoolClient {
    const release = client.release;
    client.release = (error) => release(error || this.#hasLeft(client));
    return client;
  }

  #hasLeft(client: PoolClient): boolean {
    const host = this.#clients.hostOf(client);
    return host !== undefined && this.#endpoints.hasLeft(host);
  }

  async #leave(host: string): Promise<void> {
    const { clock = systemClock, drainMs = 30_000 } = this.#options;
    const clients = this.#clients.of(host);
    const timer = clock.start(
      // With a query under way this closes the connection at once.
      () => clients.forEach((client) => void client.end().catch(() => {})),
      drainMs,
      true,
    );
    void this.#closeIdle();
    await Promise.all(clients.map((client) => this.#clients.ended(client)));
    timer.cancel();
  }

  /** Takes every idle connection out of the pool for a moment: a pool shows only those in use. */
  async #closeIdle(): Promise<void> {
    const idle = Array.from({ length: this.idleCount }, () => super.connect());
    for (const result of await Promise.allSettled(idle)) {
      if (result.status === "fulfilled") result.value.release(this.#hasLeft(result.value));
    }
  }
}
