/**
 * Several backends of one service in a Consul, which are replaced one after the other.
 *
 * @module
 */
import { sleep } from "../../scripts/chaos/measure.ts";
import { waitUntil } from "../../tests/support/wait_until.ts";
import type { Ports } from "./backend.ts";
import type { Instance } from "./instance.ts";

/** How long the steps of a deployment take, in milliseconds. */
export interface Timing {
  /** From the deregistration to the stop, while a backend still answers. */
  readonly drainMs: number;
  /** From the death of a backend to the start of another in its place. */
  readonly restartMs: number;
  /** Between two backends. */
  readonly pauseMs: number;
}

/** Names of the services that each backend registers. */
export const SERVICES = { http: "orders", grpc: "orders-grpc" } as const;

/** The backends. Registers and deregisters them as a scheduler does, by the agent's HTTP API. */
export class Deployment {
  readonly #consul: string;
  readonly #start: () => Promise<Instance>;
  readonly #timing: Timing;
  readonly #checked: boolean;
  readonly #instances: Instance[] = [];
  /** Called with the ports of a backend right before it is deregistered. */
  onDeregister: ((ports: Ports) => void) | undefined;

  /**
   * @param consul URL of the agent.
   * @param start Starts a backend.
   * @param timing How long the steps take.
   * @param checked Whether Consul connects to each backend every second.
   */
  constructor(consul: string, start: () => Promise<Instance>, timing: Timing, checked: boolean) {
    this.#consul = consul;
    this.#start = start;
    this.#timing = timing;
    this.#checked = checked;
  }

  /** Starts and registers the first backends, and waits until exactly they are listed. */
  async start(count: number): Promise<void> {
    this.#instances.push(...await Promise.all(Array.from({ length: count }, this.#start)));
    for (const [index, { ports }] of this.#instances.entries()) await this.#register(index, ports);
    for (const kind of ["http", "grpc"] as const) {
      const wanted = this.#instances.map(({ ports }) => ports[kind]).sort().join();
      await waitUntil(async () => (await this.#listed(SERVICES[kind])).sort().join() === wanted);
    }
  }

  /** Replaces every backend in the ordinary way: deregister, drain, stop, start on another port, register. */
  async roll(): Promise<void> {
    for (const [index, old] of this.#instances.entries()) {
      this.onDeregister?.(old.ports);
      await this.#deregister(index);
      await sleep(this.#timing.drainMs);
      await old.stop();
      await this.#replace(index);
    }
  }

  /** Kills every backend, one after the other, and starts another in its place. Consul is not told. */
  async crash(): Promise<void> {
    for (const [index, old] of this.#instances.entries()) {
      await old.kill();
      await sleep(this.#timing.restartMs);
      await this.#replace(index);
    }
  }

  /** Ends all backends. */
  async stop(): Promise<void> {
    for (const index of this.#instances.keys()) await this.#deregister(index);
    await Promise.all(this.#instances.map((instance) => instance.kill()));
  }

  async #replace(index: number): Promise<void> {
    const instance = await this.#start();
    this.#instances[index] = instance;
    await this.#register(index, instance.ports);
    await sleep(this.#timing.pauseMs);
  }

  async #register(index: number, ports: Ports): Promise<void> {
    for (const kind of ["http", "grpc"] as const) {
      const port = ports[kind];
      const Check = { TCP: `127.0.0.1:${port}`, Interval: "1s", Timeout: "1s", Status: "passing" };
      await this.#put("register", {
        Name: SERVICES[kind],
        ID: `${SERVICES[kind]}-${index}`,
        Address: "127.0.0.1",
        Port: port,
        ...this.#checked && { Check },
      });
    }
  }

  async #deregister(index: number): Promise<void> {
    for (const name of Object.values(SERVICES)) await this.#put(`deregister/${name}-${index}`);
  }

  async #listed(name: string): Promise<number[]> {
    const response = await fetch(`${this.#consul}/v1/health/service/${name}?passing`);
    const entries = await response.json() as { Service: { Port: number } }[];
    return entries.map(({ Service }) => Service.Port);
  }

  async #put(path: string, body?: unknown): Promise<void> {
    const response = await fetch(`${this.#consul}/v1/agent/service/${path}`, {
      method: "PUT",
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot ${path}: ${response.status} ${text}`);
  }
}
