/**
 * The members of a pool, through all updates of its list.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { idsOf, Member, memberKey } from "./member.ts";

/** Members by identity and address. One that is removed stays until its last lease is released. */
export class Members {
  readonly #byKey = new Map<string, Member>();
  #listed: readonly Member[] = [];

  /** Members of the last update, in its order. */
  get listed(): readonly Member[] {
    return this.#listed;
  }

  /** Those, and the ones that have requests in flight still. */
  get all(): readonly Member[] {
    return [...this.#byKey.values()];
  }

  /**
   * Replaces the list.
   *
   * @param endpoints Endpoints, each address once.
   * @returns Their members, in the same order.
   */
  update(endpoints: readonly Endpoint[]): readonly Member[] {
    for (const member of this.#byKey.values()) member.listed = false;
    const before = this.#listed;
    const listed: Member[] = [];
    let place = 0;
    for (const endpoint of endpoints) {
      // Lists keep their order and reuse unchanged endpoints, so that few have to be looked up.
      if (before[place]?.endpoint !== endpoint && before[place + 1]?.endpoint === endpoint) place++;
      const kept = before[place++];
      const member = kept?.endpoint === endpoint ? kept : this.#member(endpoint);
      member.listed = true;
      listed.push(member);
    }
    for (const [key, member] of this.#byKey) {
      if (!member.listed && member.pendingCount === 0) this.#byKey.delete(key);
    }
    return this.#listed = listed;
  }

  /**
   * The member of an endpoint.
   *
   * @param endpoint The endpoint.
   */
  find(endpoint: Endpoint): Member | undefined {
    return this.#byKey.get(memberKey(endpoint));
  }

  /**
   * Called when a lease of a member was released.
   *
   * @param member The member.
   */
  released(member: Member): void {
    if (member.listed || member.pendingCount > 0) return;
    this.#byKey.delete(memberKey(member.endpoint));
  }

  #member(endpoint: Endpoint): Member {
    const key = memberKey(endpoint);
    let member = this.#byKey.get(key);
    if (member === undefined) {
      member = this.#sameProcess(endpoint) ?? new Member(endpoint);
      this.#byKey.set(key, member);
    }
    member.endpoint = endpoint;
    return member;
  }

  /** The member of an address whose list of registrations has changed. */
  #sameProcess(endpoint: Endpoint): Member | undefined {
    const ids = idsOf(endpoint);
    for (const [key, member] of this.#byKey) {
      const before = member.endpoint;
      if (before.host !== endpoint.host || (ids.length === 1 && before.ids === undefined)) continue;
      if (!idsOf(before).some((id) => ids.includes(id))) continue;
      this.#byKey.delete(key);
      return member;
    }
    return undefined;
  }
}
