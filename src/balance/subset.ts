/**
 * A part of the endpoints for each client.
 *
 * With 1,000 clients and 10,000 endpoints, everybody connecting to everybody is ten million connections,
 * most of them idle ("Deterministic Aperture", Twitter, is the source for why). Each client uses a random
 * part instead, found by rendezvous hashing as in gRPC's proposal "A68: Random subsetting with rendezvous
 * hashing": when an endpoint comes or goes, at most one place of a client's part changes.
 *
 * @module
 */
import { checkOptions } from "../check_options.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import { hashText, mix } from "./hash_text.ts";
import type { Member } from "./member.ts";

/** Uses only a part of the endpoints of services that have many. */
export interface SubsetOptions {
  /** How many endpoints of each service this client uses, at least 1. Services with fewer are used whole. */
  size: number;
  /**
   * Name of this client. Clients of different keys use different parts; one that restarts with its key
   * uses the same part again. @default {a random one}
   */
  key?: string | undefined;
}

/**
 * Checks the options.
 *
 * @param options The user's.
 * @param caller What takes them, for messages.
 * @throws {TypeError} when an option is unknown, missing or of the wrong type.
 * @throws {RangeError} when the size is no whole number from 1.
 */
export function checkSubset(options: SubsetOptions, caller: string): void {
  const name = `subset of ${caller}`;
  checkOptions(name, options, { size: { type: "number", min: 1 }, key: { type: "string" } });
  // An unset variable, most likely: all clients would use the same part.
  if (options.key === "") {
    throw new TypeError(`Cannot use option key of ${name}: it must not be empty`);
  }
  if (Number.isInteger(options.size)) return;
  const kind = options.size === undefined ? TypeError : RangeError;
  throw new kind(
    `Cannot use option size of ${name}: it must be a whole number, received ${options.size}`,
  );
}

/** Selects this client's part of a list. */
export class Subset {
  readonly #size: number;
  readonly #seed: number;
  readonly #zone: string | undefined;

  /**
   * @param options Checked options.
   * @param zone The own zone: the part then has `size` endpoints of it, and as many of all others.
   * @param random Random numbers in [0, 1), for a client without a key.
   */
  constructor({ size, key }: SubsetOptions, zone: string | undefined, random: () => number) {
    this.#size = size;
    this.#seed = key === undefined ? Math.floor(random() * 2 ** 32) : hashText(key);
    this.#zone = zone;
  }

  /**
   * Selects. Members of weight 0 are left out, unless all have weight 0.
   *
   * @param members Members in a stable order.
   * @returns The part in the same order; the same list when it is no longer than the part.
   */
  select(members: readonly Member[]): readonly Member[] {
    if (members.length <= this.#size) return members;
    const weighty = members.filter(({ endpoint }) => endpoint.weight > 0);
    const eligible = weighty.length > 0 ? weighty : members;
    if (this.#zone === undefined) return this.#lowest(eligible);
    const isLocal = ({ endpoint }: Member) => endpoint.zone === this.#zone;
    const local = this.#lowest(eligible.filter(isLocal));
    return [...local, ...this.#lowest(eligible.filter((member) => !isLocal(member)))];
  }

  /**
   * As many of the instances that the registry lists as the part stands for, so that the usable share of a
   * zone is that of the whole list.
   *
   * @param known All instances, whatever their health.
   * @param all All members.
   * @param part Those of the part.
   */
  share(
    known: readonly Endpoint[],
    all: readonly Member[],
    part: readonly Member[],
  ): readonly Endpoint[] {
    if (part === all || this.#zone === undefined) return known;
    return [true, false].flatMap((local) => {
      const isOf = ({ zone }: Endpoint) => (zone === this.#zone) === local;
      const count = (members: readonly Member[]) =>
        members.filter(({ endpoint }) => isOf(endpoint)).length;
      const instances = known.filter(isOf);
      return instances.slice(0, Math.round(instances.length * count(part) / (count(all) || 1)));
    });
  }

  /** The members with the lowest hashes of client and member, in the order of the list. */
  #lowest(members: readonly Member[]): readonly Member[] {
    const size = this.#size;
    if (members.length <= size) return members;
    // Sorted by hash. Few members of a long list are lower than the ones before, so this is fast.
    const hashes: number[] = [];
    const places: number[] = [];
    members.forEach(({ endpoint }, place) => {
      const hash = mix(this.#seed ^ hashText(endpointIdentity(endpoint))) >>> 0;
      if (hashes.length === size && hash >= hashes[size - 1]!) return;
      let at = hashes.length;
      while (at > 0 && hashes[at - 1]! > hash) at--;
      hashes.splice(at, 0, hash);
      places.splice(at, 0, place);
      if (hashes.length > size) {
        hashes.pop();
        places.pop();
      }
    });
    return places.sort((a, b) => a - b).map((place) => members[place]!);
  }
}
