/**
 * By chance.
 *
 * @module
 */
import type { Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { WeightedSampler } from "./weighted_sampler.ts";

/** Picks by chance, in proportion to the weights of the registry. */
export class Random implements Balancer {
  /** Name of the algorithm. */
  readonly name: "random" = "random";
  readonly #sampler: WeightedSampler;

  /**
   * Makes a balancer.
   *
   * @param random Random numbers in [0, 1).
   */
  constructor(random: () => number) {
    this.#sampler = new WeightedSampler(random);
  }

  /** Takes a list; nothing is remembered. */
  update(eligible: readonly Member[]): void {
    this.#sampler.update(eligible);
  }

  /** Draws one. */
  pick(options?: PickOptions): Member | undefined {
    return this.#sampler.members[this.#sampler.draw(-1, options?.exclude)];
  }
}
