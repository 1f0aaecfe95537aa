/**
 * The same endpoint for the same key, unless it has too much to do.
 *
 * @module
 */
import type { PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { Rendezvous } from "./rendezvous.ts";

/** By how much a member may exceed its share of the requests in flight. */
const FACTOR = 1.25;

/**
 * "Consistent Hashing with Bounded Loads" (Mirrokni, Thorup and Zadimoghaddam) over rendezvous hashing: no
 * member gets more than 1.25 times its share of the requests in flight, rounded up. A key whose member is
 * full goes to the member with the next highest score that is not, and comes back when the first one has
 * room again. Only leases show what is in flight: without them this is `hash`.
 *
 * A pick looks at the key's own member first, which takes the same time for any number of members; if that
 * is full, at all.
 */
export class BoundedRendezvous extends Rendezvous {
  /** Name of the algorithm. */
  override readonly name: "bounded-hash" = "bounded-hash";
  /** What a download still costs its endpoint is part of its load. */
  readonly leaseUntil: "body" = "body";
  readonly #counted = new Map<Member, number>();
  #pendingCount = 0;
  #weight = 0;

  /** Replaces the list. */
  override update(eligible: readonly Member[]): void {
    super.update(eligible);
    this.#counted.clear();
    this.#pendingCount = this.#weight = 0;
    for (const member of this.members) {
      this.#counted.set(member, member.pendingCount);
      this.#pendingCount += member.pendingCount;
      this.#weight += member.endpoint.weight || 1;
    }
  }

  /** Counts the requests in flight. */
  touch(member: Member): void {
    const before = this.#counted.get(member);
    if (before === undefined || before === member.pendingCount) return;
    this.#counted.set(member, member.pendingCount);
    this.#pendingCount += member.pendingCount - before;
  }

  /** Picks the member of the key, or the next one that is not full. */
  override pick(options?: PickOptions): Member | undefined {
    const first = super.pick(options);
    if (first === undefined || !this.#isFull(first)) return first;
    const exclude = options?.exclude;
    const isOut = (member: Member) => this.#isFull(member) || (exclude?.(member.endpoint) ?? false);
    const key = options?.key;
    const other = key === undefined ? this.#emptiest(isOut) : this.highest(key, isOut);
    // All that are not full are excluded.
    return other ?? first;
  }

  /** Whether one request more were too many. */
  #isFull({ pendingCount, endpoint }: Member): boolean {
    const share = (this.#pendingCount + 1) * (endpoint.weight || 1) / this.#weight;
    return pendingCount >= Math.ceil(FACTOR * share);
  }

  #emptiest(isOut: (member: Member) => boolean): Member | undefined {
    let best: Member | undefined;
    let least = Infinity;
    for (const member of this.members) {
      if (isOut(member)) continue;
      const load = member.pendingCount / (member.endpoint.weight || 1);
      if (load < least) [best, least] = [member, load];
    }
    return best;
  }
}
