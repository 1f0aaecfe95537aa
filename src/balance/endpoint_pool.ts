/**
 * Everything about choosing one endpoint of one service.
 *
 * @module
 */
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import type { Balancer, PickOptions } from "./balancer.ts";
import { Member } from "./member.ts";
import { RoundRobin } from "./round_robin.ts";

/** The current endpoints of one service, what was learned about each, and the balancer over them. */
export class EndpointPool {
  readonly #members = new Map<string, Member>();
  readonly #picker: Balancer = new RoundRobin();
  #endpoints: readonly Endpoint[] = [];

  /** The endpoints of the last update, in its order. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /**
   * Takes the current list. What was learned about endpoints that stay is kept, by identity.
   *
   * @param endpoints Healthy endpoints, each identity at most once, in a stable order.
   */
  update(endpoints: readonly Endpoint[]): void {
    if (endpoints === this.#endpoints) return;
    this.#endpoints = endpoints;
    const listed: Member[] = [];
    for (const member of this.#members.values()) member.listed = false;
    for (const endpoint of endpoints) {
      const identity = endpointIdentity(endpoint);
      let member = this.#members.get(identity);
      if (member === undefined) this.#members.set(identity, member = new Member(endpoint));
      member.endpoint = endpoint;
      member.listed = true;
      listed.push(member);
    }
    for (const [identity, member] of this.#members) {
      if (!member.listed && member.pending === 0) this.#members.delete(identity);
    }
    this.#picker.update(listed);
  }

  /**
   * Picks the next endpoint: the hot path, which allocates nothing.
   *
   * @param options What this pick asks for.
   * @returns The endpoint, or `undefined` when there is none.
   */
  pick(options?: PickOptions): Endpoint | undefined {
    return this.#picker.pick(options)?.endpoint;
  }
}
