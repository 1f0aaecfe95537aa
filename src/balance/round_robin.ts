/**
 * One endpoint after the other.
 *
 * @module
 */
import type { Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";

/** Picks A, B, C, A: every endpoint in turn, in the order of the list, whatever its weight. */
export class RoundRobin implements Balancer {
  /** Name of the algorithm. */
  readonly name: "round-robin" = "round-robin";
  readonly #start: () => number;
  #members: readonly Member[] = [];
  #next = 0;
  #started = false;

  /**
   * Creates a rotation over nothing yet.
   *
   * @param start Where the rotation over the first list starts, as a number in [0, 1). @default {at the first member}
   */
  constructor(start: () => number = () => 0) {
    this.#start = start;
  }

  /**
   * Replaces the list and continues after the member that was picked last, or after the nearest one
   * before it that is still listed.
   *
   * @param eligible Members that may be picked.
   */
  update(eligible: readonly Member[]): void {
    const before = this.#members;
    const last = this.#next - 1;
    this.#members = eligible;
    if (!this.#started && eligible.length > 0) {
      this.#started = true;
      this.#next = Math.floor(this.#start() * eligible.length);
      return;
    }
    if (last < 0 || eligible[last] === before[last]) return;
    const places = new Map(eligible.map((member, index) => [member, index]));
    this.#next = 0;
    for (let i = last; i >= 0 && this.#next === 0; i--) {
      this.#next = (places.get(before[i]!) ?? -1) + 1;
    }
  }

  /**
   * Picks the next member, skipping excluded ones.
   *
   * @param options Options of this pick.
   * @returns The member, or `undefined` when there is none.
   */
  pick(options?: PickOptions): Member | undefined {
    const members = this.#members;
    const exclude = options?.exclude;
    // The hot path has no loop.
    if (exclude === undefined) {
      const index = this.#next < members.length ? this.#next : 0;
      this.#next = index + 1;
      return members[index];
    }
    for (let left = members.length; left > 0; left--) {
      const index = this.#next < members.length ? this.#next : 0;
      const member = members[index]!;
      this.#next = index + 1;
      if (!exclude(member.endpoint)) return member;
    }
    return undefined;
  }
}
