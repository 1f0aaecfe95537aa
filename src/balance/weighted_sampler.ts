/**
 * Drawing at random in proportion to weight.
 *
 * @module
 */
import type { PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { RandomBits } from "./random_bits.ts";

/** After this many draws that must not be returned, a slower and certain way is taken. */
const DRAWS = 4;

/**
 * Draws members in proportion to their weights, in the same time for any number of them (Walker's
 * alias method in Vose's form). Members of weight 0 are left out, unless all have weight 0.
 */
export class WeightedSampler {
  readonly #random: RandomBits;
  #members: readonly Member[] = [];
  #alias: Int32Array | undefined;
  #keep: Float64Array = new Float64Array(0);
  // Place i ends at ends[i] on a line of all weights; empty while all weights are equal.
  #ends: Float64Array = new Float64Array(0);

  /**
   * Creates an empty sampler.
   *
   * @param random Random numbers in [0, 1).
   */
  constructor(random: () => number) {
    this.#random = new RandomBits(random);
  }

  /** Members that can be drawn. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /**
   * Replaces the list.
   *
   * @param eligible Members that may be drawn.
   */
  update(eligible: readonly Member[]): void {
    const weighted = eligible.filter((member) => member.endpoint.weight > 0);
    this.#members = weighted.length > 0 ? weighted : eligible;
    const first = weighted[0]?.endpoint.weight;
    this.#alias = undefined;
    if (weighted.some((member) => member.endpoint.weight !== first)) this.#buildAlias(weighted);
  }

  /**
   * Draws one member.
   *
   * @param other Place of a member that must not be drawn, -1 for none.
   * @param exclude Returns `true` for endpoints that must not be drawn.
   * @returns Its place in `members`, -1 when there is none.
   */
  draw(other: number, exclude?: PickOptions["exclude"]): number {
    if (this.#members.length === 0) return -1;
    const place = this.#drawAny();
    // The hot path is so short that it is inlined.
    if (place !== other && exclude === undefined) return place;
    return this.#drawAgain(place, other, exclude);
  }

  #drawAgain(place: number, other: number, exclude: PickOptions["exclude"]): number {
    if (this.#members.length === 1 && other === 0) return -1;
    for (let i = 0; i < DRAWS; i++, place = this.#drawAny()) {
      if (place === other) continue;
      if (exclude === undefined || !exclude(this.#members[place]!.endpoint)) return place;
    }
    return exclude === undefined ? this.#drawAround(other) : this.#drawAmong(other, exclude);
  }

  #drawAny(): number {
    const point = this.#random.below(this.#members.length);
    const column = Math.floor(point);
    if (this.#alias === undefined || point - column < this.#keep[column]!) return column;
    return this.#alias[column]!;
  }

  /** Draws on the line of weights without the other's part of it, by binary search. */
  #drawAround(other: number): number {
    if (this.#alias === undefined) {
      const place = Math.floor(this.#random.below(this.#members.length - 1));
      return place < other ? place : place + 1;
    }
    const ends = this.#ends;
    const start = other === 0 ? 0 : ends[other - 1]!;
    const length = ends[other]! - start;
    let point = this.#random.below(ends[ends.length - 1]! - length);
    if (point >= start) point += length;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (point < ends[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Looks at all members: the caller's `exclude` can be asked about them only one by one. */
  #drawAmong(other: number, exclude: NonNullable<PickOptions["exclude"]>): number {
    let drawn = -1;
    let sum = 0;
    for (let place = 0; place < this.#members.length; place++) {
      const { endpoint } = this.#members[place]!;
      if (place === other || exclude(endpoint)) continue;
      // Reservoir sampling of one: each is kept with its share of the weights so far.
      const weight = endpoint.weight || 1;
      sum += weight;
      if (this.#random.below(sum) < weight) drawn = place;
    }
    return drawn;
  }

  /** Column i returns its own member up to the fraction `keep[i]`, and its alias's beyond it. */
  #buildAlias(members: readonly Member[]): void {
    const count = members.length;
    let sum = 0;
    this.#ends = Float64Array.from(members, (member) => sum += member.endpoint.weight);
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
    // What is left is 1 except for rounding.
    for (const place of [...small, ...large]) keep[place] = 1;
    this.#alias = alias;
    this.#keep = keep;
  }
}
