/**
 * One endpoint after the other, by weight, without bursts.
 *
 * @module
 */
import type { Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";

/** The credit of one member: how many picks it is owed, times the sum of all weights. */
interface Share {
  readonly member: Member;
  readonly order: number;
  credit: number;
}

/** Members of one weight in the order of their turns: a ring that starts at `head`. */
interface Group {
  readonly weight: number;
  readonly shares: Share[];
  head: number;
}

/** After this many picks the credits are recomputed, so that they stay exact integers. */
const LONGEST_RUN = 2 ** 30;

/**
 * Smooth weighted round robin as in nginx: before each pick every member's credit grows by its weight;
 * the member with the most credit is picked and pays the sum of all weights. Weights 5, 1 and 1 give
 * a a b a c a a.
 *
 * Members of equal weight take turns, so that a pick compares only the first of each weight: its cost
 * grows with the number of different weights, not with the number of members.
 */
export class WeightedRoundRobin implements Balancer {
  /** Name of the algorithm. */
  readonly name: "weighted-round-robin" = "weighted-round-robin";
  readonly #start: () => number;
  #started = false;
  #eligible: readonly Member[] = [];
  #groups: Group[] = [];
  #sum = 0;
  #run = 0;

  /**
   * Creates a rotation over nothing yet.
   *
   * @param start Where the rotation over the first list starts, as a number in [0, 1). @default {at the first member}
   */
  constructor(start: () => number = () => 0) {
    this.#start = start;
  }

  /** Replaces the list. Members that stay keep their credit. */
  update(eligible: readonly Member[]): void {
    const before = this.#eligible;
    const same = this.#sum > 0 && eligible.length === before.length &&
      eligible.every((member, i) => member === before[i]) &&
      this.#groups.every((group) =>
        group.shares.every(({ member }) => weightOf(member) === group.weight)
      );
    this.#eligible = eligible;
    if (!same) this.#rebuild();
    if (this.#started || eligible.length === 0) return;
    this.#started = true;
    for (let left = Math.floor(this.#start() * eligible.length); left > 0; left--) this.pick();
  }

  /** Picks the member with the most credit. */
  pick(options?: PickOptions): Member | undefined {
    const exclude = options?.exclude;
    const run = this.#run + 1;
    let best: Share | undefined;
    let bestGroup: Group | undefined;
    let bestCredit = 0;
    for (const group of this.#groups) {
      if (exclude !== undefined && !bringForward(group, exclude)) continue;
      const share = group.shares[group.head]!;
      const credit = share.credit + group.weight * run;
      const lead = best === undefined ? 1 : credit - bestCredit || best.order - share.order;
      if (lead > 0) {
        best = share;
        bestGroup = group;
        bestCredit = credit;
      }
    }
    if (best === undefined) return undefined;
    best.credit -= this.#sum;
    bestGroup!.head = bestGroup!.head + 1 < bestGroup!.shares.length ? bestGroup!.head + 1 : 0;
    this.#run = run;
    if (run === LONGEST_RUN) this.#rebuild();
    return best.member;
  }

  #rebuild(): void {
    const credits = new Map<Member, number>();
    for (const group of this.#groups) {
      for (const share of group.shares) {
        credits.set(share.member, share.credit + group.weight * this.#run);
      }
    }
    const weighty = this.#eligible.filter((member) => member.endpoint.weight > 0);
    const members = weighty.length > 0 ? weighty : this.#eligible;
    this.#run = 0;
    this.#sum = members.reduce((sum, member) => sum + weightOf(member), 0);
    // A credit or debt is limited to one pick, which also keeps every ring in order.
    const limit = this.#sum / 2;
    const groups = new Map<number, Group>();
    members.forEach((member, order) => {
      const weight = weightOf(member);
      const credit = Math.max(-limit, Math.min(limit, credits.get(member) ?? 0));
      let group = groups.get(weight);
      if (group === undefined) groups.set(weight, group = { weight, shares: [], head: 0 });
      group.shares.push({ member, order, credit });
    });
    this.#groups = [...groups.values()];
    for (const { shares } of this.#groups) {
      shares.sort((a, b) => b.credit - a.credit || a.order - b.order);
    }
  }
}

// A member of weight 0 is only ever in a group where all have weight 0.
function weightOf(member: Member): number {
  return member.endpoint.weight || 1;
}

/** Moves the first member that is not excluded to the head, and those before it back by one. */
function bringForward(group: Group, exclude: NonNullable<PickOptions["exclude"]>): boolean {
  const { shares, head } = group;
  for (let i = 0; i < shares.length; i++) {
    const share = shares[(head + i) % shares.length]!;
    if (exclude(share.member.endpoint)) continue;
    for (let k = i; k > 0; k--) {
      shares[(head + k) % shares.length] = shares[(head + k - 1) % shares.length]!;
    }
    shares[head] = share;
    return true;
  }
  return false;
}
