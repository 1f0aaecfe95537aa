/**
 * Probes of ejected endpoints, so that one returns by a probe and not by a user's request.
 *
 * An ejection lasts its time: an endpoint whose health check passes while its requests fail must not come
 * back every few seconds. After it, the endpoint is probed until a probe succeeds. While nothing is ejected
 * there is no timer.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import { schemeOf } from "../endpoint_scheme.ts";
import { platformFetch } from "../platform_fetch.ts";
import { connectTcp } from "../runtime/connect_tcp.ts";
import { deadline } from "../wait.ts";
import type { HealthCheckOptions } from "./health_check_options.ts";

/** Of the interval, more or less. */
const JITTER = 0.1;

/** What is probed: a pool. */
export interface Probed {
  /** Ejected endpoints, and when each may be probed, in milliseconds since the Unix epoch. */
  readonly ejections: readonly { readonly endpoint: Endpoint; readonly until: number }[];
  /** Readmits one. */
  readmit(endpoint: Endpoint): void;
}

/** Time and chance. */
export interface Surroundings {
  /** Source of the time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/** Probes the ejected endpoints of one service. */
export class HealthChecks {
  readonly #pool: Probed;
  readonly #options: HealthCheckOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  /** When each host may be probed again; infinite while it is. */
  readonly #notBefore = new Map<string, number>();
  #running = 0;
  #timer: Timer | undefined;

  /**
   * Probes nothing yet.
   *
   * @param pool Whose ejected endpoints are probed.
   * @param options Checked options.
   * @param surroundings Time and chance.
   */
  constructor(pool: Probed, options: HealthCheckOptions, { clock, random }: Surroundings) {
    this.#pool = pool;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
  }

  /** Called when an endpoint was ejected or readmitted. */
  changed(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#closing.signal.aborted) return;
    const ejections = this.#pool.ejections;
    const hosts = new Set(ejections.map(({ endpoint }) => endpoint.host));
    for (const host of this.#notBefore.keys()) {
      if (!hosts.has(host) && this.#notBefore.get(host) !== Infinity) this.#notBefore.delete(host);
    }
    const { concurrency = 4 } = this.#options;
    // The end of a probe is what comes next.
    if (this.#running >= concurrency) return;
    const dues = ejections.map((each) => this.#dueAt(each));
    const next = Math.min(Infinity, ...dues);
    if (next === Infinity) return;
    const delayMs = Math.max(0, next - this.#clock.now());
    this.#timer = this.#clock.start(() => this.#probeDue(), delayMs, true);
  }

  /** Ends the timer and the probes under way. */
  close(): void {
    this.#closing.abort();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #dueAt({ endpoint, until }: { readonly endpoint: Endpoint; readonly until: number }): number {
    return Math.max(until, this.#notBefore.get(endpoint.host) ?? 0);
  }

  #probeDue(): void {
    const now = this.#clock.now();
    const { concurrency = 4 } = this.#options;
    const due = this.#pool.ejections
      .map((each) => ({ endpoint: each.endpoint, at: this.#dueAt(each) }))
      .filter(({ at }) => at <= now)
      .sort((a, b) => a.at - b.at)
      .slice(0, concurrency - this.#running);
    for (const { endpoint } of due) void this.#probe(endpoint);
    this.changed();
  }

  async #probe(endpoint: Endpoint): Promise<void> {
    const { intervalMs = 5_000 } = this.#options;
    this.#running++;
    this.#notBefore.set(endpoint.host, Infinity);
    const isHealthy = await this.#isHealthy(endpoint);
    this.#running--;
    const waitMs = intervalMs * (1 + JITTER * (2 * this.#random() - 1));
    this.#notBefore.set(endpoint.host, this.#clock.now() + waitMs);
    if (this.#closing.signal.aborted) return;
    if (isHealthy) {
      this.#notBefore.delete(endpoint.host);
      this.#pool.readmit(endpoint);
    }
    this.changed();
  }

  async #isHealthy(endpoint: Endpoint): Promise<boolean> {
    const { type = "http", timeoutMs = 1_000 } = this.#options;
    const error = () => new Error("No response in time");
    const limits = { timeoutMs, error, signal: this.#closing.signal, background: true };
    try {
      return await deadline(
        this.#clock,
        (signal) =>
          type === "tcp"
            ? connectTcp(endpoint.address, endpoint.port, signal).then(() => true)
            : this.#responds(endpoint, signal),
        limits,
      );
    } catch {
      return false;
    }
  }

  async #responds(endpoint: Endpoint, signal: AbortSignal): Promise<boolean> {
    const { path = "/", fetch = platformFetch } = this.#options;
    const url = `${schemeOf(endpoint, "http")}://${endpoint.host}${path}`;
    const response = await fetch(url, { redirect: "manual", signal });
    void response.body?.cancel().catch(() => {});
    return response.ok;
  }
}
