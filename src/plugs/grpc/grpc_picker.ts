/**
 * Picks a connection for each call.
 *
 * @module
 */
import type { experimental } from "@grpc/grpc-js";
import type { Lease } from "../../balance/lease.ts";
import type { Piloted } from "../../client/piloted.ts";
import type { CallLeases } from "./call_leases.ts";

/** An endpoint that is connected. */
export interface ReadyEndpoint {
  /** `address:port`. */
  readonly host: string;
  /** Picks its connection. */
  readonly picker: experimental.Picker;
}

/** Asks the client's balancer for an endpoint among those that are connected. */
export class GrpcPicker implements experimental.Picker {
  readonly #client: Piloted<string>;
  readonly #service: string;
  readonly #ready: ReadonlyMap<string, ReadyEndpoint>;
  readonly #leases: CallLeases;
  #next = 0;

  /**
   * @param client Picks endpoints.
   * @param service Name of the service.
   * @param ready Endpoints that are connected, at least one.
   * @param leases Keeps the leases of calls.
   */
  constructor(
    client: Piloted<string>,
    service: string,
    ready: readonly ReadyEndpoint[],
    leases: CallLeases,
  ) {
    this.#client = client;
    this.#service = service;
    this.#ready = new Map(ready.map((one) => [one.host, one]));
    this.#leases = leases;
  }

  /** Picks a connection. */
  pick(args: experimental.PickArgs): experimental.PickResult {
    const lease = this.#acquire();
    const endpoint = lease && this.#ready.get(lease.endpoint.host);
    if (endpoint === undefined) return this.#inTurn().picker.pick(args);
    const result = endpoint.picker.pick(args);
    // Not yet, or not any more, connected.
    if (result.subchannel === null) {
      lease!.release("unknown");
      return result;
    }
    return this.#leases.follow(lease!, result);
  }

  #acquire(): Lease | undefined {
    try {
      const exclude = ({ host }: { host: string }) => !this.#ready.has(host);
      return this.#client.acquire(this.#service, { exclude });
    } catch {
      // None that is connected is listed at this moment, or the client was closed.
      return undefined;
    }
  }

  #inTurn(): ReadyEndpoint {
    const ready = [...this.#ready.values()];
    return ready[this.#next++ % ready.length]!;
  }
}
