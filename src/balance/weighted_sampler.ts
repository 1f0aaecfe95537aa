/**
 * Drawing at random in proportion to weight.
 *
 * @module
 */
import type { PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { RandomBits } from "./random_bits.ts";

/** How often a draw that may not be given is drawn again before all members are looked at. */
const DRAWS = 16;

/**
 * Draws members in proportion to their weights, in the same time for any number of them (Walker's
 * alias method in Vose's form). Members of weight 0 are left out, unless all have weight 0.
 */
export class WeightedSampler {
  readonly #random: RandomBits;
  #members: readonly Member[] = [];
  #alias: Int32Array | undefined;
  #keep: Float64Array = new Float64Array(0);

  /**
   * Makes an empty sampler.
   *
   * @param random Random numbers in [0, 1).
   */
  constructor(random: () => number) {
    this.#random = new RandomBits(random);
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
   * @param other Place of one that must not be drawn, -1 for none.
   * @param exclude Endpoints that must not be drawn.
   * @returns Its place in `members`, -1 when there is none.
   */
  draw(other: number, exclude?: PickOptions["exclude"]): number {
    if (this.#members.length === 0) return -1;
    for (let i = 0; i < DRAWS; i++) {
      const place = this.#drawAny();
      if (place === other) continue;
      if (exclude === undefined || !exclude(this.#members[place]!.endpoint)) return place;
    }
    return this.#drawAmong(other, exclude);
  }

  #drawAny(): number {
    const point = this.#random.below(this.#members.length);
    const column = Math.floor(point);
    if (this.#alias === undefined || point - column < this.#keep[column]!) return column;
    return this.#alias[column]!;
  }

  /** Looks at all: for the rare case that most of the weight must not be drawn. */
  #drawAmong(other: number, exclude: PickOptions["exclude"]): number {
    let drawn = -1;
    let sum = 0;
    this.#members.forEach(({ endpoint }, place) => {
      if (place === other || exclude?.(endpoint)) return;
      // A reservoir of one: each stays with its share of the weights so far.
      const weight = endpoint.weight || 1;
      sum += weight;
      if (this.#random.below(sum) < weight) drawn = place;
    });
    return drawn;
  }

  /** Column i gives its own member up to the fraction `keep[i]` and its alias's beyond. */
  #buildAlias(members: readonly Member[]): void {
    const count = members.length;
    const sum = members.reduce((total, member) => total + member.endpoint.weight, 0);
    const keep = Float64Array.from(members, (member) => member.endpoint.weight * count / sum);
    const alias = Int32Array.from(members, (_, place) => place);
    const small: number[] = [];
    const large: number[] = [];
    keep.forEach((share, place) => (share < 1 ? small : large).push(place));
    while (small.length > 0 && large.length > 0) {
      const receiver = small.pop()!;
      const giver = large.at(-1)!;
      alias[receiver] = giver;
      keep[giver]! -= 1 - keep[receiver]!;
      if (keep[giver]! < 1) small.push(large.pop()!);
    }
    // What is left over here is 1 but for rounding.
    for (const place of [...small, ...large]) keep[place] = 1;
    this.#alias = alias;
    this.#keep = keep;
  }
}
