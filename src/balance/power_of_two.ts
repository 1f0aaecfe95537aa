/**
 * The power of two choices: the better of two, drawn at random.
 *
 * @module
 */
import type { Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { RandomBits } from "./random_bits.ts";
import { WeightedSampler } from "./weighted_sampler.ts";

/** Up to this many members, all are looked at. */
const LOOK_AT_ALL = 4;

/** Load of a member that should be tried before all others. */
export const UNTRIED: number = -Infinity;

/**
 * Draws two members by weight without replacement and picks the one with less load ("The Power of
 * Two Choices in Randomized Load Balancing", Mitzenmacher). Equal loads go by weight.
 */
export class PowerOfTwo implements Balancer {
  /** Name of the algorithm. */
  readonly name: "least_pending" | "p2c_ewma";
  readonly #random: RandomBits;
  readonly #loadOf: (member: Member) => number;
  readonly #sampler: WeightedSampler;
  // Loads lie side by side, so that comparing two of 10,000 touches little memory.
  #loads: Float64Array = new Float64Array(0);
  #places: ReadonlyMap<Member, number> = new Map();

  /**
   * Makes a balancer; see {@linkcode leastPending} and {@linkcode p2cEwma}.
   *
   * @param name Name of the algorithm.
   * @param loadOf Load of a member; it changes only when the balancer is told.
   * @param random Random numbers in [0, 1).
   */
  constructor(
    name: "least_pending" | "p2c_ewma",
    loadOf: (member: Member) => number,
    random: () => number,
  ) {
    this.name = name;
    this.#loadOf = loadOf;
    this.#random = new RandomBits(random);
    this.#sampler = new WeightedSampler(random);
  }

  /** Takes a list; what was learned is kept in the members. */
  update(eligible: readonly Member[]): void {
    this.#sampler.update(eligible);
    const members = this.#sampler.members;
    this.#loads = Float64Array.from(members, this.#loadOf);
    this.#places = new Map(members.map((member, place) => [member, place]));
  }

  /** Takes note of a member whose load changed. */
  touch(member: Member): void {
    const place = this.#places.get(member);
    if (place !== undefined) this.#loads[place] = this.#loadOf(member);
  }

  /** Picks the one with less load. */
  pick(options?: PickOptions): Member | undefined {
    const exclude = options?.exclude;
    return this.#sampler.members.length <= LOOK_AT_ALL
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
    if (loads[picked] === UNTRIED) this.#suppose(picked, loads[isSecond ? first : second]!);
    return this.#sampler.members[picked];
  }

  #lightest(exclude: PickOptions["exclude"]): Member | undefined {
    const members = this.#sampler.members;
    const loads = this.#loads;
    let picked = -1;
    let tied = 0;
    for (let place = 0; place < members.length; place++) {
      const { endpoint } = members[place]!;
      if (exclude?.(endpoint)) continue;
      const weight = endpoint.weight || 1;
      if (picked < 0 || loads[place]! < loads[picked]!) {
        picked = place;
        tied = weight;
      } else if (loads[place] === loads[picked]) {
        // A reservoir of one: each of the equals stays with its share of their weights.
        tied += weight;
        if (this.#random.below(tied) < weight) picked = place;
      }
    }
    if (loads[picked] === UNTRIED) {
      this.#suppose(picked, Math.min(...loads.filter((load) => load !== UNTRIED)));
    }
    return members[picked];
  }

  /** One that is tried counts as good as another one until it is touched, and not better for ever. */
  #suppose(place: number, load: number): void {
    if (load < Infinity) this.#loads[place] = load;
  }
}
