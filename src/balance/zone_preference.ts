/**
 * Endpoints of the own zone first.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Balancer, PickOptions } from "./balancer.ts";
import { hashText } from "./hash_text.ts";
import type { Member } from "./member.ts";
import { RandomBits } from "./random_bits.ts";

/** By how much a zone can exceed its share of the load: Envoy's overprovisioning factor. */
const OVERPROVISIONING = 1.4;

/**
 * Sends everything to the own zone while enough of it is usable, and a growing part to the other
 * zones below that: Envoy's rule for priority levels. With 72 % of the own zone usable, nothing goes
 * elsewhere; with 50 %, 30 % of the picks; with none, all of them.
 */
export class ZonePreference implements Balancer {
  /** Name of the algorithm within the zones. */
  readonly name: string;
  /** Until when a request should hold its lease. */
  readonly leaseUntil: "headers" | "body";
  readonly #zone: string;
  readonly #random: RandomBits;
  readonly #local: Balancer;
  readonly #remote: Balancer;
  #known: readonly Endpoint[] = [];
  #localShare = 1;

  /**
   * @param zone The own zone.
   * @param create Creates a balancer: one for the own zone, one for all others.
   * @param random Random numbers in [0, 1).
   */
  constructor(zone: string, create: () => Balancer, random: () => number) {
    this.#zone = zone;
    this.#random = new RandomBits(random);
    this.#local = create();
    this.#remote = create();
    this.name = this.#local.name;
    this.leaseUntil = this.#local.leaseUntil ?? "headers";
  }

  /** Fraction of the picks that stay in the own zone, 0 to 1. */
  get localShare(): number {
    return this.#localShare;
  }

  /**
   * Receives all instances that the registry lists, whatever their health.
   *
   * @param instances All instances.
   */
  know(instances: readonly Endpoint[]): void {
    this.#known = instances;
  }

  /** Replaces the list and computes the share of the own zone. */
  update(eligible: readonly Member[]): void {
    const isLocal = (member: Member) => member.endpoint.zone === this.#zone;
    const local = eligible.filter(isLocal);
    const remote = eligible.filter((member) => !isLocal(member));
    this.#local.update(local);
    this.#remote.update(remote);
    const knownLocal = this.#known.filter(({ zone }) => zone === this.#zone).length;
    const localHealth = health(local.length, knownLocal);
    const remoteHealth = health(remote.length, this.#known.length - knownLocal);
    // When both together cannot carry everything, each gets its part of what they can.
    this.#localShare = localHealth / Math.min(1, localHealth + remoteHealth) || 0;
  }

  /** Passes a changed load on. */
  touch(member: Member): void {
    this.#local.touch?.(member);
    this.#remote.touch?.(member);
  }

  /** Picks in one zone, or in the other if that has none. Equal keys stay in one zone. */
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
