/**
 * Requests to a port by its name: `http://_grpc.customers/`, as in .NET's service discovery.
 *
 * @module
 */
import type { PickOptions } from "../balance/balancer.ts";
import type { Lease, Outcome } from "../balance/lease.ts";
import { atPort, type Endpoint, namedPort } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import type { FetchSource } from "./fetch_source.ts";

/** A port by name and the service that has it. */
export interface NamedPort {
  /** Name of the port. */
  readonly port: string;
  /** Name of the service. */
  readonly service: string;
}

/**
 * Reads a host such as `_grpc.customers`.
 *
 * @param host Host of a URL.
 * @returns `undefined` when it names no port.
 */
export function parseNamedPort(host: string): NamedPort | undefined {
  const dot = host.indexOf(".");
  if (!host.startsWith("_") || dot < 2 || dot === host.length - 1) return undefined;
  return { port: host.slice(1, dot), service: host.slice(dot + 1) };
}

/**
 * The endpoints that have a port, at that port.
 *
 * @param endpoints Endpoints.
 * @param port Name of the port, in whatever case.
 * @returns New endpoints, without those that have no such port.
 */
export function endpointsAtPort(endpoints: readonly Endpoint[], port: string): Endpoint[] {
  return endpoints.flatMap((endpoint) => {
    const number = namedPort(endpoint.ports, port);
    return number === undefined ? [] : [atPort(endpoint, number)];
  });
}

/**
 * The names of the ports of endpoints, for messages.
 *
 * @param endpoints Endpoints.
 * @returns Such as `its ports are "grpc", "http"`.
 */
export function describePorts(endpoints: readonly Endpoint[]): string {
  return portNames(new Set(endpoints.flatMap(({ ports }) => Object.keys(ports))));
}

function portNames(names: ReadonlySet<string>): string {
  return names.size === 0
    ? "its instances have no named ports"
    : `its ports are ${[...names].map((name) => JSON.stringify(name)).join(", ")}`;
}

/** The endpoints of another source, at a port by name. Endpoints without such a port are skipped. */
export class NamedPortSource implements FetchSource {
  readonly #source: FetchSource;
  readonly #port: string;
  readonly #moved = new WeakMap<Endpoint, Endpoint>();

  /**
   * @param source Gives endpoints.
   * @param port Name of the port.
   */
  constructor(source: FetchSource, port: string) {
    this.#source = source;
    this.#port = port;
  }

  /** That of the source. */
  get closeSignal(): AbortSignal | undefined {
    return this.#source.closeSignal;
  }

  /** That of the source. */
  get mode(): FetchSource["mode"] {
    return this.#source.mode;
  }

  /** Loads the list of a service. */
  load(name: string): Promise<void> | undefined {
    return this.#source.load?.(name);
  }

  /** Whether a service is watched. */
  has(name: string): boolean {
    return this.#source.has(name);
  }

  /**
   * An endpoint that has the port.
   *
   * @throws {PilotedError} `NO_ENDPOINTS` when there is none.
   */
  acquire(name: string, options: PickOptions = {}): Lease {
    const names = new Set<string>();
    let found = false;
    const exclude = (endpoint: Endpoint) => {
      const moved = this.#move(endpoint);
      if (moved === undefined) {
        for (const port of Object.keys(endpoint.ports)) names.add(port);
        return true;
      }
      found = true;
      return options.exclude?.(moved) ?? false;
    };
    let lease: Lease | undefined;
    try {
      lease = this.#source.acquire(name, { ...options, exclude });
    } catch (error) {
      if (found || names.size === 0) throw error;
      throw this.#missing(name, names, error);
    }
    const moved = this.#move(lease.endpoint);
    if (moved !== undefined) return new MovedLease(lease, moved);
    // A probe of the outlier detection, or a balancer that knows no exclusions.
    lease.release("unknown");
    throw this.#missing(name, names);
  }

  /** Waits until a service has an endpoint. */
  waitForEndpoints(
    name: string,
    options?: Parameters<FetchSource["waitForEndpoints"]>[1],
  ): Promise<boolean> {
    return this.#source.waitForEndpoints(name, options);
  }

  #move(endpoint: Endpoint): Endpoint | undefined {
    let moved = this.#moved.get(endpoint);
    if (moved !== undefined) return moved;
    const port = namedPort(endpoint.ports, this.#port);
    if (port === undefined) return undefined;
    this.#moved.set(endpoint, moved = atPort(endpoint, port));
    return moved;
  }

  #missing(service: string, names: ReadonlySet<string>, cause?: unknown): PilotedError {
    return new PilotedError(
      "NO_ENDPOINTS",
      `Cannot pick an endpoint of ${JSON.stringify(service)}: no instance has a port ` +
        `${JSON.stringify(this.#port)}; ${portNames(names)}`,
      { service, cause },
    );
  }
}

class MovedLease implements Lease {
  readonly endpoint: Endpoint;
  readonly #lease: Lease;

  constructor(lease: Lease, endpoint: Endpoint) {
    this.#lease = lease;
    this.endpoint = endpoint;
  }

  get startedAt(): number {
    return this.#lease.startedAt;
  }

  get leaseUntil(): Lease["leaseUntil"] {
    return this.#lease.leaseUntil;
  }

  report(outcome?: Outcome, endedAt?: number): void {
    this.#lease.report?.(outcome, endedAt);
  }

  release(outcome?: Outcome, endedAt?: number): void {
    this.#lease.release(outcome, endedAt);
  }

  [Symbol.dispose](): void {
    this.#lease[Symbol.dispose]();
  }
}
