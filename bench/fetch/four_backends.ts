/**
 * Four real backends through everything that happens to backends: the balanced fetch beside bare
 * round robin without retries, in the same run.
 *
 * @module
 */
import { EndpointPool } from "../../src/balance/endpoint_pool.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { isPilotedError } from "../../src/any_piloted_error.ts";
import { PilotedError } from "../../src/errors.ts";
import { createFetch } from "../../src/client/create_fetch.ts";
import { type Child, startScript } from "../../tests/support/process.ts";
import { makeEndpoints, quantile } from "../balance/world.ts";

const BACKENDS = 4;
const LATE_MS = 500;
const WORKERS = 8;
/** A worker's rest between two requests, so that the machine is busy and not drowned. */
const PAUSE_MS = 5;
/** How many balanced requests pass at least between two events. */
const REQUESTS = 100;

/** What became of the requests of one client. */
export interface ClientResult {
  /** How many were sent. */
  readonly requests: number;
  /** Why requests failed, one line for each. */
  readonly failures: readonly string[];
  /** Quantile 0.99 of the latencies, in milliseconds. */
  readonly p99: number;
}

/** Sends GET requests with several workers, without end. */
class Client {
  readonly #get: () => Promise<Response>;
  readonly #latencies: number[] = [];
  readonly #failures: string[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  readonly #workers: Promise<void>[];
  #running = true;

  constructor(get: () => Promise<Response>) {
    this.#get = get;
    this.#workers = Array.from({ length: WORKERS }, () => this.#work());
  }

  /** Waits until so many further requests have ended. */
  served(count: number): Promise<void> {
    return new Promise((resolve) =>
      this.#waiting.push({ count: this.#latencies.length + count, resolve })
    );
  }

  async stop(): Promise<ClientResult> {
    this.#running = false;
    await Promise.all(this.#workers);
    const sorted = Float64Array.from(this.#latencies).sort();
    return { requests: sorted.length, failures: this.#failures, p99: quantile(sorted, 0.99) };
  }

  async #work(): Promise<void> {
    while (this.#running) {
      const from = performance.now();
      try {
        const response = await this.#get();
        const text = await response.text();
        if (response.status !== 200 || text !== "ok") this.#failures.push(`${response.status}`);
      } catch (error) {
        const failed = isPilotedError(error) && error.code === "REQUEST_FAILED";
        const outcomes = failed ? error.attempts.map(({ outcome }) => outcome) : [];
        this.#failures.push(`${error} ${outcomes}`);
      }
      this.#latencies.push(performance.now() - from);
      for (const { count, resolve } of this.#waiting) {
        if (count <= this.#latencies.length) resolve();
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** One backend, as a process and as the registry lists it. */
class Backend {
  readonly #template: Endpoint;
  readonly #delayMs: number;
  #process: Child | undefined;
  endpoint: Endpoint;

  constructor(template: Endpoint, delayMs: number) {
    this.#template = template;
    this.#delayMs = delayMs;
    this.endpoint = template;
  }

  async start(port = 0): Promise<void> {
    const script = "bench/fetch/backend_process.ts";
    this.#process = await startScript("bun", script, [`${port}`, `${this.#delayMs}`]);
    const [, listening] = await this.#process.waitFor(/listening on (\d+)/);
    const host = `127.0.0.1:${listening}`;
    this.endpoint = { ...this.#template, address: "127.0.0.1", port: Number(listening), host };
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#process?.kill(signal);
    await this.#process?.exited;
  }
}

/**
 * One of four backends answers 500 ms late. One is killed, stays listed and comes back. Then all are
 * restarted, one after the other.
 */
export async function fourBackends(): Promise<{ balanced: ClientResult; bare: ClientResult }> {
  const backends = makeEndpoints(BACKENDS).map((endpoint, i) =>
    new Backend(endpoint, i === BACKENDS - 1 ? LATE_MS : 0)
  );
  const pools = [new EndpointPool(), new EndpointPool({ balancer: "round-robin" })];
  const [pool, barePool] = pools;
  const closing = new AbortController();
  const list = (listed: readonly Backend[]) => {
    for (const one of pools) one.update(listed.map(({ endpoint }) => endpoint));
  };
  try {
    await Promise.all(backends.map((backend) => backend.start()));
    list(backends);
    const balancedFetch = createFetch({
      closeSignal: closing.signal,
      has: (name) => name === "app",
      acquire: (service, options) => {
        const lease = pool!.acquire(options);
        if (lease !== undefined) return lease;
        throw new PilotedError("NO_ENDPOINTS", "Cannot pick: there is none", { service });
      },
      waitForEndpoints: () => Promise.resolve(true),
    });
    const balanced = new Client(() => balancedFetch("http://app/"));
    const bare = new Client(() => fetch(`http://${barePool!.pick()!.host}/`));
    const served = () => Promise.all([balanced.served(REQUESTS), bare.served(REQUESTS / 5)]);
    await served();

    const [killed] = backends;
    await killed!.end("SIGKILL");
    await served();
    await killed!.start(killed!.endpoint.port);
    await served();

    for (const backend of backends) {
      list(backends.filter((other) => other !== backend));
      await backend.end("SIGTERM");
      await served();
      await backend.start();
      list(backends);
    }
    await served();
    return { balanced: await balanced.stop(), bare: await bare.stop() };
  } finally {
    closing.abort(new Error("closed"));
    await Promise.all(backends.map((backend) => backend.end("SIGKILL")));
  }
}

/** Both clients in a line each. */
export function printable(result: Awaited<ReturnType<typeof fourBackends>>): string {
  return Object.entries(result).map(([name, { requests, failures, p99 }]) => {
    const success = (100 * (1 - failures.length / requests)).toFixed(2);
    return `${name.padEnd(9)} ${requests} requests, success ${success} %, p99 ${p99.toFixed(0)} ms`;
  }).join("\n");
}
