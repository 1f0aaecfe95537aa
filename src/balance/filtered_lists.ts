/**
 * The lists of a pool by the filters that were used.
 *
 * A filter is looked up by its fields, one after the other, in a tree, so that one that was seen before
 * costs neither a text to compare nor any other allocation, however often the caller writes it anew.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { checkFilter, type EndpointFilter, filterKey, matcherOf } from "../endpoint_filter.ts";
import { BalancedList, type ListSettings } from "./balanced_list.ts";

/** Filters that are kept, per pool. Each costs its balancers and a pass over the list per change. */
const MOST_LISTS = 256;

/** Spellings of filters that are kept: orders and cases of the same tags. */
const MOST_PATHS = 4_096;

const ZONE = Symbol("zone");
const VERSION = Symbol("version");
const META = Symbol("meta");
const SPLIT = Symbol("split");

/** The members that match a filter. */
export class FilteredList extends BalancedList {
  /** Whether an endpoint matches. */
  readonly matches: (endpoint: Endpoint) => boolean;
  /** The list that `candidates` were taken from, to see whether it has changed. */
  source: unknown = undefined;
  /** Which decision of the pool it has followed. */
  generation = -1;
  /** Whether it was dropped in favour of newer ones. */
  dropped = false;

  /**
   * @param settings As for every list of the pool.
   * @param matches Whether an endpoint matches.
   */
  constructor(settings: ListSettings, matches: (endpoint: Endpoint) => boolean) {
    super(settings);
    this.matches = matches;
  }
}

class Branch {
  readonly next = new Map<string | symbol, Branch>();
  list: FilteredList | undefined = undefined;

  to(step: string | symbol): Branch {
    let branch = this.next.get(step);
    if (branch === undefined) this.next.set(step, branch = new Branch());
    return branch;
  }
}

/** Finds the list of a filter, and keeps a limited number of them. */
export class FilteredLists {
  readonly #settings: ListSettings;
  readonly #byKey = new Map<string, FilteredList>();
  #root = new Branch();
  #pathCount = 0;

  /**
   * Starts without lists.
   *
   * @param settings As for every list of the pool.
   */
  constructor(settings: ListSettings) {
    this.#settings = settings;
  }

  /** Every list that is kept. */
  get all(): Iterable<FilteredList> {
    return this.#byKey.values();
  }

  /**
   * The list of a filter.
   *
   * @param filter The filter; other fields are not looked at.
   * @param key A key of the metadata that is wanted besides. @default {none}
   * @param value Its value.
   * @returns The list, which may be new and empty.
   * @throws {TypeError} when the filter is not valid.
   */
  find(filter: EndpointFilter, key?: string, value?: string): FilteredList {
    const list = this.#seen(filter, key, value);
    return list === undefined || list.dropped ? this.#add(filter, key, value) : list;
  }

  #seen(
    { tags, zone, version, meta }: EndpointFilter,
    key: string | undefined,
    value: string | undefined,
  ): FilteredList | undefined {
    let at: Branch | undefined = this.#root;
    if (tags !== undefined) {
      if (!Array.isArray(tags)) return undefined;
      for (let i = 0; i < tags.length; i++) {
        at = at.next.get(tags[i]);
        if (at === undefined) return undefined;
      }
    }
    if (zone !== undefined) at = at.next.get(ZONE)?.next.get(zone);
    if (version !== undefined) at = at?.next.get(VERSION)?.next.get(version);
    if (meta !== undefined) {
      if (typeof meta !== "object" || meta === null || Array.isArray(meta)) return undefined;
      for (const name in meta) {
        at = at?.next.get(META)?.next.get(name)?.next.get(meta[name]!);
        if (at === undefined) return undefined;
      }
    }
    if (key !== undefined) at = at?.next.get(SPLIT)?.next.get(key)?.next.get(value!);
    return at?.list;
  }

  #add(
    filter: EndpointFilter,
    key: string | undefined,
    value: string | undefined,
  ): FilteredList {
    checkFilter(filter, "pick() and acquire()");
    const matches = matcherOf(filter);
    const id = filterKey(filter) + (key === undefined ? "" : JSON.stringify([key, value]));
    let list = this.#byKey.get(id);
    if (list === undefined) {
      if (this.#byKey.size >= MOST_LISTS) this.#dropOldest();
      const isOf = key === undefined ? undefined : matcherOf({ meta: { [key]: value! } });
      const both = isOf === undefined
        ? matches
        : (endpoint: Endpoint) => isOf(endpoint) && matches(endpoint);
      this.#byKey.set(id, list = new FilteredList(this.#settings, both));
    }
    this.#remember(filter, key, value, list);
    return list;
  }

  #remember(
    { tags = [], zone, version, meta }: EndpointFilter,
    key: string | undefined,
    value: string | undefined,
    list: FilteredList,
  ): void {
    if (++this.#pathCount > MOST_PATHS) {
      this.#root = new Branch();
      this.#pathCount = 1;
    }
    let at = this.#root;
    for (const tag of tags) at = at.to(tag);
    if (zone !== undefined) at = at.to(ZONE).to(zone);
    if (version !== undefined) at = at.to(VERSION).to(version);
    for (const name in meta) at = at.to(META).to(name).to(meta[name]!);
    if (key !== undefined) at = at.to(SPLIT).to(key).to(value!);
    at.list = list;
  }

  #dropOldest(): void {
    const [id, list] = this.#byKey.entries().next().value!;
    this.#byKey.delete(id);
    list.dropped = true;
  }
}
