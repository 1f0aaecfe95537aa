/**
 * The clients that follow a service.
 *
 * @module
 */
import { fullJitter } from "../backoff.ts";
import type { Lease } from "../balance/lease.ts";
import { type Clock, systemClock, type Timer } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { abortable, deadline, onAbort } from "../wait.ts";
import { type FollowOptions, isSelected } from "./follow_options.ts";
import { HeldClient, type UsedClient } from "./held_client.ts";
import type { Piloted } from "./piloted.ts";

// Between attempts to open a client: a random part of 100 ms that doubles, up to 5 s.
const BACKOFF = { baseMs: 100, maxMs: 5_000 };

/** The clients of one service, made by `follow()`. */
export class Following<Client> {
  readonly #piloted: Piloted;
  readonly #name: string;
  readonly #options: FollowOptions<Client>;
  readonly #clock: Clock;
  // By host, in the order in which they were opened.
  readonly #held = new Map<string, HeldClient<Client>>();
  readonly #opening = new Set<string>();
  readonly #failed = new Map<string, number>();
  readonly #closing = new Set<Promise<void>>();
  readonly #end = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #removers: (() => void)[];
  #retry: Timer | undefined;
  #lastError: unknown;

  /** @internal Use `follow()`. */
  constructor(piloted: Piloted, name: string, options: FollowOptions<Client>) {
    this.#piloted = piloted;
    this.#name = name;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    // Throws for an unknown service, a closed client, and mode "on-demand".
    void piloted.watch(name).return?.();
    this.#removers = [
      piloted.on("change", ({ service }) => {
        if (service === name) this.#reconcile();
      }),
      onAbort(piloted.closeSignal, (reason) => void this.#close(reason)),
    ];
    this.#reconcile();
  }

  /**
   * The current client. With one per endpoint: that of the next endpoint, by the balancer.
   *
   * @throws {PilotedError} `NO_ENDPOINTS` when none is open yet, `CLOSED` after `close()`.
   */
  get current(): Client {
    return this.#pick().client;
  }

  /** Every client that is open, with its endpoint, in the order of opening. */
  get clients(): readonly { readonly endpoint: Endpoint; readonly client: Client }[] {
    return [...this.#held.values()].map(({ endpoint, client }) => ({ endpoint, client }));
  }

  /**
   * Waits for a first client.
   *
   * @param signal Ends the wait.
   * @returns The current client.
   * @throws {PilotedError} `NO_ENDPOINTS` when none could be opened within `waitMs`, with what the
   * last attempt threw as `cause`; `CLOSED` after `close()`.
   * @throws The signal's own reason when it aborts.
   */
  async ready(signal?: AbortSignal): Promise<Client> {
    signal?.throwIfAborted();
    if (this.#held.size === 0 && !this.#end.signal.aborted) await this.#opened(signal);
    return this.current;
  }

  /**
   * The current client for the time of some work: when its endpoint goes away, it stays open until
   * the work has ended, or `drainMs` are over.
   *
   * @returns The client. Release it, or declare it with `using`.
   * @throws {PilotedError} as {@linkcode Following.current}.
   */
  acquire(): UsedClient<Client> {
    return this.#pick().use();
  }

  /**
   * Does some work with the current client; waits for a first one.
   *
   * @param work Called with the client and its endpoint.
   * @param signal Ends the wait for a first client.
   * @returns What the work returns.
   * @throws {PilotedError} as {@linkcode Following.ready}, and what the work throws.
   */
  async use<Result>(
    work: (client: Client, endpoint: Endpoint) => Result | Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    await this.ready(signal);
    const { client, endpoint, release } = this.acquire();
    try {
      return await work(client, endpoint);
    } finally {
      release();
    }
  }

  /**
   * Says that a client is broken: it is closed, and another one is opened, elsewhere if possible.
   *
   * @param client A client; one that is not open any more is ignored.
   */
  replace(client: Client): void {
    for (const [host, held] of this.#held) {
      if (held.client !== client) continue;
      this.#failed.set(host, (this.#failed.get(host) ?? 0) + 1);
      this.#retire(host, held, "failure");
      this.#reconcile();
      return;
    }
  }

  /** Closes every client when what runs on it has ended, or `drainMs` are over. Idempotent. */
  close(): Promise<void> {
    return this.#close(
      new PilotedError("CLOSED", `Cannot use a client of ${this.#name}: it was closed`, {
        service: this.#name,
      }),
    );
  }

  /** The same as {@linkcode Following.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(reason: unknown): Promise<void> {
    if (!this.#end.signal.aborted) {
      this.#end.abort(reason);
      for (const remove of this.#removers) remove();
      this.#retry?.cancel();
      for (const [host, held] of this.#held) this.#retire(host, held);
      this.#notify();
    }
    await Promise.all(this.#closing);
  }

  #pick(): HeldClient<Client> {
    this.#end.signal.throwIfAborted();
    const [first, second] = this.#held.values();
    if (first === undefined) throw this.#nothing();
    return second === undefined ? first : this.#balanced() ?? first;
  }

  #balanced(): HeldClient<Client> | undefined {
    const lease = this.#acquire(({ host }) => !this.#held.has(host));
    lease?.release("unknown");
    return lease && this.#held.get(lease.endpoint.host);
  }

  #acquire(exclude: (endpoint: Endpoint) => boolean): Lease | undefined {
    try {
      return this.#piloted.acquire(this.#name, { exclude });
    } catch {
      return undefined;
    }
  }

  /** One endpoint for each address that is meant. */
  #wanted(): Map<string, Endpoint> {
    const listed = this.#piloted.has(this.#name) ? this.#piloted.serviceHosts(this.#name) : [];
    const selected = listed.filter((one) => isSelected(this.#options, one));
    return new Map(selected.map((one) => [one.host, one]));
  }

  /** Compares what is open with what is listed. */
  #reconcile(): void {
    if (this.#end.signal.aborted) return;
    const wanted = this.#wanted();
    // Kept while nothing is listed.
    if (wanted.size === 0) return;
    for (const host of this.#failed.keys()) if (!wanted.has(host)) this.#failed.delete(host);
    const covered = [...this.#held.keys()].some((host) => wanted.has(host));
    if (covered) {
      for (const [host, held] of this.#held) if (!wanted.has(host)) this.#retire(host, held);
    }
    const fresh = [...wanted.values()].filter(({ host }) => !this.#failed.has(host));
    // What has failed waits for its turn.
    const candidates = fresh.length === 0 || this.#options.per === "endpoint"
      ? this.#retry === undefined ? [...wanted.values()] : fresh
      : fresh;
    if (this.#options.per === "endpoint") {
      for (const endpoint of candidates) this.#openOnce(endpoint);
    } else if (!covered && this.#opening.size === 0 && candidates.length > 0) {
      const lease = this.#acquire((one) => !candidates.some(({ host }) => host === one.host));
      this.#openOnce(lease?.endpoint ?? candidates[0]!, lease);
    }
  }

  #openOnce(endpoint: Endpoint, lease?: Lease): void {
    const { host } = endpoint;
    if (this.#held.has(host) || this.#opening.has(host)) return lease?.release("unknown");
    this.#opening.add(host);
    lease ??= this.#acquire((one) => one.host !== host);
    this.#open(endpoint).then(
      (client) => {
        this.#opening.delete(host);
        this.#failed.delete(host);
        // The life of a client is no latency. With one per endpoint all live as long, and the time to
        // open one must not decide how often it is used.
        if (this.#options.per !== "endpoint") lease?.report?.();
        const held = new HeldClient(client, endpoint, lease);
        this.#held.set(host, held);
        if (this.#end.signal.aborted) return this.#retire(host, held);
        this.#notify();
        this.#reconcile();
      },
      (error) => {
        this.#opening.delete(host);
        if (this.#end.signal.aborted) return lease?.release("unknown");
        lease?.release("failure");
        this.#lastError = error;
        this.#report(error, endpoint);
        this.#retryLater(host);
      },
    );
  }

  #open(endpoint: Endpoint): Promise<Client> {
    const { open, close, openTimeoutMs = 10_000 } = this.#options;
    const timeout = () =>
      new PilotedError(
        "TIMEOUT",
        `Cannot open a client of ${endpoint.host}: not open within ${openTimeoutMs} ms`,
        { service: this.#name },
      );
    const limits = { timeoutMs: openTimeoutMs, error: timeout, signal: this.#end.signal };
    return deadline(this.#clock, async (signal) => {
      const client = await open(endpoint, signal);
      // Nobody waits for it any more, and nobody else knows of it.
      if (signal.aborted) await close?.(client, endpoint);
      return client;
    }, limits);
  }

  #retryLater(host: string): void {
    const failures = this.#failed.get(host) ?? 0;
    this.#failed.set(host, failures + 1);
    this.#reconcile();
    const { random } = this.#options;
    this.#retry ??= this.#clock.start(
      () => {
        this.#retry = undefined;
        this.#reconcile();
      },
      fullJitter(failures, { ...BACKOFF, random }),
      true,
    );
  }

  #retire(host: string, held: HeldClient<Client>, outcome?: "failure"): void {
    this.#held.delete(host);
    const { close, drainMs = 30_000 } = this.#options;
    const closed = held.retire(this.#clock, drainMs, outcome)
      .then(() => close?.(held.client, held.endpoint))
      .catch((error) => this.#report(error, held.endpoint))
      .then(() => void this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  #report(error: unknown, endpoint: Endpoint): void {
    try {
      this.#options.onError?.(error, endpoint);
    } catch {
      // A listener must not stop what follows.
    }
  }

  #notify(): void {
    for (const wake of this.#waiting) wake();
  }

  async #opened(signal: AbortSignal | undefined): Promise<void> {
    const { waitMs = 5_000 } = this.#options;
    let wake = () => {};
    const opened = new Promise<void>((resolve) => this.#waiting.add(wake = resolve));
    const limits = { timeoutMs: waitMs, error: () => this.#nothing() };
    try {
      await abortable(deadline(this.#clock, () => opened, limits), signal);
    } finally {
      wake();
      this.#waiting.delete(wake);
    }
  }

  #nothing(): PilotedError {
    const count = this.#wanted().size;
    const why = count === 0
      ? "no endpoint is listed"
      : `none of ${count} endpoint(s) could be connected to yet`;
    return new PilotedError("NO_ENDPOINTS", `Cannot use a client of ${this.#name}: ${why}`, {
      service: this.#name,
      cause: this.#lastError,
    });
  }
}
