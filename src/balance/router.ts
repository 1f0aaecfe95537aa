/**
 * Which list of a pool a pick is made from.
 *
 * Filters, splits and subsets share the members of the pool: what was learned from a request of one
 * counts for all. Each distinct filter has balancers of its own, over members that match. They are
 * brought up to date by the first pick after a change, so that a filter that is no longer used costs
 * nothing.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { checkOptions, type OptionRule } from "../check_options.ts";
import type { ListSettings } from "./balanced_list.ts";
import type { PickOptions } from "./balancer.ts";
import { type FilteredList, FilteredLists } from "./filtered_lists.ts";
import { hashText, mix } from "./hash_text.ts";
import type { Member } from "./member.ts";
import { RandomBits } from "./random_bits.ts";
import { checkSplit, type TrafficSplit } from "./split.ts";
import type { Subset } from "./subset.ts";

const CALLER = "pick() and acquire()";

const RULES: Readonly<Record<keyof PickOptions, OptionRule>> = {
  key: { type: "string" },
  exclude: { type: "function" },
  tags: { type: "object" },
  zone: { type: "string" },
  version: { type: "string" },
  meta: { type: "object" },
  split: { type: "object" },
};

/** So that the value of a key is not drawn by the same number as its zone and its endpoint. */
const SALT = 0x5bd1e995;

/** The lists of a split, and where the share of each ends on a line of all weights. */
interface Shares {
  readonly generation: number;
  readonly lists: readonly FilteredList[];
  readonly ends: readonly number[];
}

/** Finds the list of a pick, and picks from it. */
export class Router {
  readonly #lists: FilteredLists;
  readonly #split: TrafficSplit | undefined;
  readonly #subset: Subset | undefined;
  readonly #random: () => number;
  readonly #track: (members: readonly Member[]) => void;
  #candidates: readonly Member[] = [];
  #known: readonly Endpoint[] = [];
  #generation = 0;
  #fresh: FilteredList[] = [];
  #bits: RandomBits | undefined;
  #shares: Shares | undefined;

  /**
   * @param settings Balancers and limit of every list.
   * @param split The split of picks that bring none.
   * @param subset This client's part of each list.
   * @param random Random numbers in [0, 1).
   * @param track Called with the members of a new part.
   */
  constructor(
    settings: ListSettings,
    split: TrafficSplit | undefined,
    subset: Subset | undefined,
    random: () => number,
    track: (members: readonly Member[]) => void,
  ) {
    this.#lists = new FilteredLists(settings);
    this.#split = split;
    this.#subset = subset;
    this.#random = random;
    this.#track = track;
  }

  /**
   * Replaces the members.
   *
   * @param candidates All that are listed and not in maintenance.
   * @param known Every instance that the registry lists, whatever its health.
   * @returns With a subset, the members of the parts in use.
   */
  update(candidates: readonly Member[], known: readonly Endpoint[]): readonly Member[] {
    this.#candidates = candidates;
    this.#known = known;
    if (this.#subset === undefined) return [];
    this.#forgetListeners();
    return this.#fresh.flatMap((list) => this.#take(list));
  }

  /** Called when ejections or the list have changed: every filtered list is out of date. */
  changed(): void {
    this.#generation++;
    this.#forgetListeners();
    this.#fresh = [];
  }

  /**
   * Whether a pick has a list of its own.
   *
   * @param options Options of the pick.
   * @throws {TypeError} when there is no such option.
   */
  isRouted(options: PickOptions | undefined): boolean {
    let isRouted = this.#split !== undefined;
    if (options === undefined) return isRouted;
    for (const name in options) {
      switch (name) {
        case "key":
          if (options.key !== undefined && typeof options.key !== "string") rejectUse(options);
          break;
        case "exclude":
          if (options.exclude !== undefined && typeof options.exclude !== "function") {
            rejectUse(options);
          }
          break;
        case "tags":
        case "zone":
        case "version":
        case "meta":
        case "split":
          isRouted ||= options[name] !== undefined;
          break;
        default:
          rejectUse(options);
      }
    }
    return isRouted;
  }

  /**
   * The list of a routed pick, for a split the one that is drawn.
   *
   * @param options Options of the pick.
   * @throws {TypeError} when the filter or the split is not valid.
   * @throws {RangeError} when a weight of the split is out of its range.
   */
  list(options: PickOptions = NO_OPTIONS): FilteredList {
    const split = options.split ?? this.#split;
    if (split === undefined) return this.#find(options);
    return options === NO_OPTIONS ? this.#drawOwn(split) : this.#draw(options, split);
  }

  /**
   * Picks by the split of the pool.
   *
   * @param options Options of the pick.
   */
  pick(options?: PickOptions): Member | undefined {
    return this.list(options).picker.pick(options) ?? this.pickElsewhere(options, false);
  }

  /**
   * Picks from the lists of a split that were not drawn.
   *
   * @param options Options of the pick.
   * @param leasing Whether it is for `acquire()`.
   * @returns The member, `undefined` when there is none, or no split.
   */
  pickElsewhere(options: PickOptions = NO_OPTIONS, leasing: boolean): Member | undefined {
    const split = options.split ?? this.#split;
    for (const key in split) {
      const weights = split[key]!;
      for (const value in weights) {
        if (weights[value] === 0) continue;
        const list = this.#find(options, key, value);
        const member = (leasing ? list.leaser : list.picker).pick(options);
        if (member !== undefined) return member;
      }
    }
    return undefined;
  }

  /** Draws by the split of the pool, whose weights are added up once for every change. */
  #drawOwn(split: TrafficSplit): FilteredList {
    const shares = this.#shares?.generation === this.#generation
      ? this.#shares
      : this.#shares = this.#sharesOf(split);
    const { lists, ends } = shares;
    const point = this.#point(undefined) * ends[ends.length - 1]!;
    let place = 0;
    while (place < lists.length - 1 && point >= ends[place]!) place++;
    return lists[place]!;
  }

  #sharesOf(split: TrafficSplit): Shares {
    const all = Object.entries(split).flatMap(([key, weights]) =>
      Object.entries(weights).filter(([, weight]) => weight > 0).map(([value, weight]) => ({
        list: this.#find(NO_OPTIONS, key, value),
        weight,
      }))
    );
    const usable = all.filter(({ list }) => list.usableCount > 0);
    const existing = all.filter(({ list }) => list.candidates.length > 0);
    const chosen = [usable, existing, all].find((some) => some.length > 0)!;
    let end = 0;
    return {
      generation: this.#generation,
      lists: chosen.map(({ list }) => list),
      ends: chosen.map(({ weight }) => end += weight),
    };
  }

  /** Draws a value by weight among those with usable endpoints, else among those with any. */
  #draw(options: PickOptions, split: TrafficSplit): FilteredList {
    let keyCount = 0;
    let total = 0;
    let usable = 0;
    let existing = 0;
    let drawnKey = "";
    for (const key in split) {
      keyCount++;
      drawnKey = key;
      const weights = split[key]!;
      for (const value in weights) {
        const weight = weights[value]!;
        if (typeof weight !== "number" || !(weight >= 0)) checkSplit(split, CALLER);
        total += weight;
        if (weight === 0) continue;
        const list = this.#find(options, key, value);
        if (list.usableCount > 0) usable += weight;
        if (list.candidates.length > 0) existing += weight;
      }
    }
    if (keyCount !== 1 || !(total > 0 && total < Infinity)) {
      checkSplit(split, CALLER);
    }
    const mustBeUsable = usable > 0;
    let point = this.#point(options.key) * (mustBeUsable ? usable : existing);
    const weights = split[drawnKey]!;
    let last: FilteredList | undefined;
    for (const value in weights) {
      const weight = weights[value]!;
      if (weight === 0) continue;
      const list = this.#find(options, drawnKey, value);
      if (mustBeUsable ? list.usableCount === 0 : list.candidates.length === 0 && existing > 0) {
        continue;
      }
      last = list;
      point -= weight;
      if (point < 0) break;
    }
    // Rounding may leave a point behind the last.
    return last!;
  }

  #point(key: string | undefined): number {
    if (key === undefined) return (this.#bits ??= new RandomBits(this.#random)).below(1);
    return (mix(hashText(key) ^ SALT) >>> 0) / 2 ** 32;
  }

  #find(options: PickOptions, key?: string, value?: string): FilteredList {
    const list = this.#lists.find(options, key, value);
    if (list.generation !== this.#generation) this.#refresh(list);
    return list;
  }

  #refresh(list: FilteredList): void {
    if (list.source !== this.#candidates) this.#take(list);
    if (this.#subset !== undefined) this.#track(list.candidates);
    list.decide();
    list.generation = this.#generation;
    this.#fresh.push(list);
    if (list.picker.touch === undefined && list.leaser.touch === undefined) return;
    for (const member of list.candidates) (member.lists ??= []).push(list);
  }

  #forgetListeners(): void {
    for (const { candidates } of this.#fresh) {
      for (const member of candidates) member.lists = undefined;
    }
  }

  #take(list: FilteredList): readonly Member[] {
    const all = this.#candidates.filter(({ endpoint }) => list.matches(endpoint));
    const known = this.#known.filter(list.matches);
    list.source = this.#candidates;
    list.candidates = this.#subset?.select(all) ?? all;
    list.know(this.#subset?.share(known, all, list.candidates) ?? known);
    return list.candidates;
  }
}

function rejectUse(options: PickOptions): void {
  checkOptions(CALLER, options, RULES);
}

const NO_OPTIONS: PickOptions = Object.freeze({});
