/**
 * Drawing at random in proportion to weight.
 *
 * @module
 */
import type { PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";

/** How often a draw that may not be given is drawn again before all members are looked at. */
const DRAWS = 16;

/**
 * Draws members in proportion to their weights, in the same time for any number of them (Walker's
 * alias method in Vose's form). Members of weight 0 are left out, unless all have weight 0.
 */
export class WeightedSampler {
  readonly #random: () => number;
  #members: readonly Member[] = [];
  #alias: Int32Array | undefined;
  #keep: Float64Array = new Float64Array(0);

  /**
   * Makes an empty sampler.
   *
   * @param random Random numbers in [0, 1).
   */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Those that can be drawn. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /**
   * Takes a list.
   *
   * @param eligible Those that may be drawn.
   */
  update(eligible: readonly Member[]): void {
    const weighty = eligible.filter((member) => member.endpoint.weight > 0);
    this.#members = weighty.length > 0 ? weighty : eligible;
    const first = weighty[0]?.endpoint.weight;
    this.#alias = undefined;
    if (weighty.some((member) => member.endpoint.weight !== first)) this.#buildAlias(weighty);
  }

  /**
   * Draws one.
   *
   * @param other One that must not be drawn, for drawing without replacement.
   * @param exclude Endpoints that must not be drawn.
   * @returns The member, or `undefined` when there is none.
   */
  draw(other?: Member, exclude?: PickOptions["exclude"]): Member | undefined {
    for (let i = 0; i < DRAWS; i++) {
      const member = this.#drawAny();
      if (member === undefined) return undefined;
      if (member !== other && !exclude?.(member.endpoint)) return member;
    }
    return this.#drawAmong(
      this.#members.filter((member) => member !== other && !exclude?.(member.endpoint)),
    );
  }

  #drawAny(): Member | undefined {
    const count = this.#members.length;
    const place = this.#random() * count;
    const column = Math.floor(place);
    if (this.#alias === undefined || place - column < this.#keep[column]!) {
      return this.#members[column];
    }
    return this.#members[this.#alias[column]!];
  }

  #drawAmong(members: readonly Member[]): Member | undefined {
    // Where every weight is 0, every weight counts as 1.
    const sum = members.reduce((total, member) => total + member.endpoint.weight, 0);
    let rest = this.#random() * (sum || members.length);
    for (const member of members) {
      rest -= sum === 0 ? 1 : member.endpoint.weight;
      if (rest < 0) return member;
    }
    return members.at(-1);
  }

  /** Column i gives its own member up to the fraction `keep[i]` and its alias's beyond. */
  #buildAlias(members: readonly Member[]): void {
    const count = members.length;
    const sum = members.reduce((total, member) => total + member.endpoint.weight, 0);
    const keep = Float64Array.from(members, (member) => member.endpoint.weight * count / sum);
    const alias = Int32Array.from(members, (_, index) => index);
    const small: number[] = [];
    const large: number[] = [];
    keep.forEach((share, index) => (share < 1 ? small : large).push(index));
    while (small.length > 0 && large.length > 0) {
      const receiver = small.pop()!;
      const giver = large.at(-1)!;
      alias[receiver] = giver;
      keep[giver]! -= 1 - keep[receiver]!;
      if (keep[giver]! < 1) small.push(large.pop()!);
    }
    // What is left over here is 1 but for rounding.
    for (const index of [...small, ...large]) keep[index] = 1;
    this.#alias = alias;
    this.#keep = keep;
  }
}
