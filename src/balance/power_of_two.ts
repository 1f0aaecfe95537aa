/**
 * The power of two choices: the better of two members drawn at random.
 *
 * @module
 */
import type { Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { RandomBits } from "./random_bits.ts";
import { WeightedSampler } from "./weighted_sampler.ts";

/** Lists of up to this many members are compared as a whole. */
const COMPARE_ALL = 4;

/** Load of a member that should be tried before all others. */
export const UNTRIED: number = -Infinity;

/**
 * Draws two members by weight without replacement and picks the one with less load ("The Power of
 * Two Choices in Randomized Load Balancing", Mitzenmacher). Equal loads are shared by weight.
 *
 * A member that was never tried wins once. Until it is touched it then counts as good as the one that
 * it was compared with: without leases it would win forever.
 */
export class PowerOfTwo implements Balancer {
  /** Name of the algorithm. */
  readonly name: "least-pending" | "p2c-ewma";
  /** Without latencies, all that is known of a download is that it is not over yet. */
  readonly leaseUntil: "headers" | "body";
  readonly #random: RandomBits;
  readonly #loadOf: (member: Member) => number;
  readonly #sampler: WeightedSampler;
  // Loads are stored side by side, so that comparing two of 10,000 touches little memory.
  #loads: Float64Array = new Float64Array(0);
  #places: ReadonlyMap<Member, number> = new Map();

  /**
   * Use {@linkcode leastPending} or {@linkcode p2cEwma}.
   *
   * @param name Name of the algorithm.
   * @param loadOf Load of a member. It changes only when `touch()` or `update()` is called.
   * @param random Random numbers in [0, 1).
   */
  constructor(
    name: "least-pending" | "p2c-ewma",
    loadOf: (member: Member) => number,
    random: () => number,
  ) {
    this.name = name;
    this.leaseUntil = name === "least-pending" ? "body" : "headers";
    this.#loadOf = loadOf;
    this.#random = new RandomBits(random);
    this.#sampler = new WeightedSampler(random);
  }

  /** Replaces the list; what was learned is stored in the members. */
  update(eligible: readonly Member[]): void {
    this.#sampler.update(eligible);
    const members = this.#sampler.members;
    this.#loads = Float64Array.from(members, this.#loadOf);
    this.#places = new Map(members.map((member, place) => [member, place]));
  }

  /** Updates the load of a member. */
  touch(member: Member): void {
    const place = this.#places.get(member);
    if (place !== undefined) this.#loads[place] = this.#loadOf(member);
  }

  /** Picks the member with less load. */
  pick(options?: PickOptions): Member | undefined {
    const exclude = options?.exclude;
    return this.#sampler.members.length <= COMPARE_ALL
      ? this.#lightest(exclude)
      : this.#lighterOfTwo(exclude);
  }

  #lighterOfTwo(exclude: PickOptions["exclude"]): Member | undefined {
    const loads = this.#loads;
    const first = this.#sampler.draw(-1, exclude);
    if (first < 0) return undefined;
    const second = this.#sampler.draw(first, exclude);
    if (second < 0) return this.#sampler.members[first];
    const isSecond = loads[second]! < loads[first]!;
    const picked = isSecond ? second : first;
    const other = isSecond ? first : second;
    if (loads[picked] === UNTRIED && loads[other] !== UNTRIED) loads[picked] = loads[other]!;
    return this.#sampler.members[picked];
  }

  #lightest(exclude: PickOptions["exclude"]): Member | undefined {
    const members = this.#sampler.members;
    const loads = this.#loads;
    let picked = -1;
    let tied = 0;
    let leastTried = Infinity;
    for (let place = 0; place < members.length; place++) {
      const load = loads[place]!;
      if (load !== UNTRIED && load < leastTried) leastTried = load;
      const { endpoint } = members[place]!;
      if (exclude?.(endpoint)) continue;
      const weight = endpoint.weight || 1;
      if (picked < 0 || load < loads[picked]!) {
        picked = place;
        tied = weight;
      } else if (load === loads[picked]) {
        // Reservoir sampling of one: each of the equals is kept with its share of their weights.
        tied += weight;
        if (this.#random.below(tied) < weight) picked = place;
      }
    }
    if (loads[picked] === UNTRIED && leastTried < Infinity) loads[picked] = leastTried;
    return members[picked];
  }
}
