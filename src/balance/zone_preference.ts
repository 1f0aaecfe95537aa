/**
 * Endpoints nearby first.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Balancer, PickOptions } from "./balancer.ts";
import { hashText } from "./hash_text.ts";
import type { Member } from "./member.ts";
import { RandomBits } from "./random_bits.ts";

/** How much more than its part of the load a zone can carry: Envoy's overprovisioning factor. */
const OVERPROVISIONING = 1.4;

/**
 * Sends everything to the own zone while enough of it is usable, and an ever greater part to the
 * others below that: Envoy's rule for priority levels. With 72 % of the own zone usable nothing goes
 * elsewhere, with 50 % it is 30 %, with nothing all of it.
 */
export class ZonePreference implements Balancer {
  /** Name of the algorithm within the zones. */
  readonly name: string;
  readonly #zone: string;
  readonly #random: RandomBits;
  readonly #local: Balancer;
  readonly #remote: Balancer;
  #known: readonly Endpoint[] = [];
  #localShare = 1;

  /**
   * Makes a preference.
   *
   * @param zone The own zone.
   * @param create Makes a balancer: one for the own zone, one for all others.
   * @param random Random numbers in [0, 1).
   */
  constructor(zone: string, create: () => Balancer, random: () => number) {
    this.#zone = zone;
    this.#random = new RandomBits(random);
    this.#local = create();
    this.#remote = create();
    this.name = this.#local.name;
  }

  /** Part of the picks that stay in the own zone, 0 to 1. */
  get localShare(): number {
    return this.#localShare;
  }

  /**
   * Takes all instances that the registry lists, in whatever health: they tell how much is lost.
   *
   * @param known All instances.
   */
  know(known: readonly Endpoint[]): void {
    this.#known = known;
  }

  /** Takes a list and weighs the zones anew. */
  update(eligible: readonly Member[]): void {
    const isLocal = (member: Member) => member.endpoint.zone === this.#zone;
    const local = eligible.filter(isLocal);
    const remote = eligible.filter((member) => !isLocal(member));
    this.#local.update(local);
    this.#remote.update(remote);
    const knownLocal = this.#known.filter(({ zone }) => zone === this.#zone).length;
    const localHealth = health(local.length, knownLocal);
    const remoteHealth = health(remote.length, this.#known.length - knownLocal);
    // Where both together can't carry everything, each takes its part of what they can.
    this.#localShare = localHealth / Math.min(1, localHealth + remoteHealth) || 0;
  }

  /** Takes note of a changed load. */
  touch(member: Member): void {
    this.#local.touch?.(member);
    this.#remote.touch?.(member);
  }

  /** Picks in one zone, and in the other where that has nothing. Equal keys stay in one zone. */
  pick(options?: PickOptions): Member | undefined {
    return this.#isLocalTurn(options?.key)
      ? this.#local.pick(options) ?? this.#remote.pick(options)
      : this.#remote.pick(options) ?? this.#local.pick(options);
  }

  #isLocalTurn(key: string | undefined): boolean {
    if (this.#localShare === 1) return true;
    const point = key === undefined ? this.#random.below(1) : (hashText(key) >>> 0) / 2 ** 32;
    return point < this.#localShare;
  }
}

function health(usable: number, known: number): number {
  return usable === 0 ? 0 : Math.min(1, OVERPROVISIONING * usable / known);
}
