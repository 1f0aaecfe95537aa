/**
 * Random picks.
 *
 * @module
 */
import type { Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";
import { WeightedSampler } from "./weighted_sampler.ts";

/** Picks at random, in proportion to the weights of the registry. */
export class Random implements Balancer {
  /** Name of the algorithm. */
  readonly name: "random" = "random";
  readonly #sampler: WeightedSampler;

  constructor(random: () => number) {
    this.#sampler = new WeightedSampler(random);
  }

  /** Replaces the list. */
  update(eligible: readonly Member[]): void {
    this.#sampler.update(eligible);
  }

  /** Draws one member. */
  pick(options?: PickOptions): Member | undefined {
    return this.#sampler.members[this.#sampler.draw(-1, options?.exclude)];
  }
}
