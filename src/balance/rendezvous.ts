/**
 * The same endpoint for the same key.
 *
 * @module
 */
import { endpointIdentity } from "../endpoint.ts";
import type { Balancer, PickOptions } from "./balancer.ts";
import { hashText, mix } from "./hash_text.ts";
import type { Member } from "./member.ts";
import { WeightedSampler } from "./weighted_sampler.ts";

/** Number of keys whose member is cached. */
const CACHED_KEYS = 8_192;

/**
 * Weighted rendezvous hashing: each member scores `-weight / ln(h)` with a hash `h` in (0, 1) of key
 * and member, and the highest score wins ("Weighted Distributed Hash Tables", Schindelhauer and
 * Schomaker). When a member is removed, only its own keys move. Every process with the same list
 * picks the same member.
 *
 * The members of recent keys are cached, so that such a pick takes the same time for any number of
 * members; a new key is hashed with each member once. A pick without a key is random, by weight.
 */
export class Rendezvous implements Balancer {
  /** Name of the algorithm. */
  readonly name: "hash" | "bounded-hash" = "hash";
  readonly #sampler: WeightedSampler;
  #seeds: Uint32Array = new Uint32Array(0);
  // By hash: keys of equal hash go to the same member anyway.
  readonly #cache = new Map<number, Member>();

  /**
   * @param random Random numbers in [0, 1), for picks without a key.
   */
  constructor(random: () => number) {
    this.#sampler = new WeightedSampler(random);
  }

  /** Members that can be picked: without those of weight 0, unless all have weight 0. */
  get members(): readonly Member[] {
    return this.#sampler.members;
  }

  /** Replaces the list and clears the cache. Keys of members that stay are not moved by that. */
  update(eligible: readonly Member[]): void {
    this.#sampler.update(eligible);
    this.#seeds = Uint32Array.from(
      this.#sampler.members,
      (member) => hashText(endpointIdentity(member.endpoint)),
    );
    this.#cache.clear();
  }

  /** Picks the member of the key. */
  pick(options?: PickOptions): Member | undefined {
    const key = options?.key;
    const exclude = options?.exclude;
    if (key === undefined) return this.#sampler.members[this.#sampler.draw(-1, exclude)];
    const hash = hashText(key);
    if (exclude !== undefined) return this.#highest(hash, ({ endpoint }) => exclude(endpoint));
    return this.#cache.get(hash) ?? this.#store(hash, this.#highest(hash));
  }

  /**
   * The member with the highest score among some.
   *
   * @param key The key.
   * @param isOut Whether a member must not be picked.
   */
  protected highest(key: string, isOut: (member: Member) => boolean): Member | undefined {
    return this.#highest(hashText(key), isOut);
  }

  #store(hash: number, member: Member | undefined): Member | undefined {
    if (member === undefined) return undefined;
    // A Map keeps the order of insertion: the first key is the oldest.
    if (this.#cache.size === CACHED_KEYS) {
      this.#cache.delete(this.#cache.keys().next().value!);
    }
    this.#cache.set(hash, member);
    return member;
  }

  #highest(hash: number, isOut?: (member: Member) => boolean): Member | undefined {
    const members = this.#sampler.members;
    let best: Member | undefined;
    let bestScore = -1;
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!;
      if (isOut?.(member)) continue;
      const point = ((mix(hash ^ this.#seeds[i]!) >>> 0) + 0.5) / 2 ** 32;
      const score = -(member.endpoint.weight || 1) / Math.log(point);
      if (score > bestScore) {
        best = member;
        bestScore = score;
      }
    }
    return best;
  }
}
