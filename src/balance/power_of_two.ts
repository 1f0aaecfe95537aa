/**
 * The power of two choices: the better of two, drawn at random.
 *
 * @module
 */
import type { Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { WeightedSampler } from "./weighted_sampler.ts";

/** Up to this many members, all are looked at. */
const LOOK_AT_ALL = 4;

/**
 * Draws two members by weight without replacement and picks the one with less load ("The Power of
 * Two Choices in Randomized Load Balancing", Mitzenmacher). Equal loads go by weight.
 */
export class PowerOfTwo implements Balancer {
  /** Name of the algorithm. */
  readonly name: "least_pending" | "p2c_ewma";
  readonly #random: () => number;
  readonly #lighter: (a: Member, b: Member) => boolean;
  readonly #sampler: WeightedSampler;

  /**
   * Makes a balancer; see {@linkcode leastPending} and {@linkcode p2cEwma}.
   *
   * @param name Name of the algorithm.
   * @param lighter Whether the first has strictly less load than the second.
   * @param random Random numbers in [0, 1).
   */
  constructor(
    name: "least_pending" | "p2c_ewma",
    lighter: (a: Member, b: Member) => boolean,
    random: () => number,
  ) {
    this.name = name;
    this.#lighter = lighter;
    this.#random = random;
    this.#sampler = new WeightedSampler(random);
  }

  /** Takes a list; what was learned is kept in the members. */
  update(eligible: readonly Member[]): void {
    this.#sampler.update(eligible);
  }

  /** Picks the lighter of two. */
  pick(options?: PickOptions): Member | undefined {
    const exclude = options?.exclude;
    const picked = this.#sampler.members.length <= LOOK_AT_ALL
      ? this.#lightest(exclude)
      : this.#lighterOfTwo(exclude);
    if (picked !== undefined && !picked.probed) picked.probed = true;
    return picked;
  }

  #lighterOfTwo(exclude: PickOptions["exclude"]): Member | undefined {
    const first = this.#sampler.draw(undefined, exclude);
    if (first === undefined) return undefined;
    const second = this.#sampler.draw(first, exclude);
    return second !== undefined && this.#lighter(second, first) ? second : first;
  }

  #lightest(exclude: PickOptions["exclude"]): Member | undefined {
    let best: Member | undefined;
    let tied = 0;
    for (const member of this.#sampler.members) {
      if (exclude?.(member.endpoint)) continue;
      const weight = member.endpoint.weight || 1;
      if (best === undefined || this.#lighter(member, best)) {
        best = member;
        tied = weight;
      } else if (!this.#lighter(best, member)) {
        // A reservoir of one: each of the equals stays with its share of their weights.
        tied += weight;
        if (this.#random() * tied < weight) best = member;
      }
    }
    return best;
  }
}
