/**
 * Which version of its list a service is at, for `ETag` and for long polls.
 *
 * @module
 */
import { hashText } from "../../balance/hash_text.ts";
import type { Clock, Timer } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { frozenJson } from "./json_body.ts";
import type { LookupClient } from "../lookup_client.ts";

interface Revision {
  list: readonly Endpoint[];
  index: number;
}

const MOST_WAITING = 10_000;

/** The index of each service's list, which only grows, also over a restart of this process. */
export class ListIndexes {
  readonly #piloted: LookupClient;
  readonly #clock: Clock;
  readonly #stop: AbortSignal | undefined;
  readonly #revisions = new Map<string, Revision>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #count = 0;

  /**
   * Follows a client.
   *
   * @param piloted The client.
   * @param clock Time of the waits.
   * @param stop Ends every wait.
   */
  constructor(piloted: LookupClient, clock: Clock, stop: AbortSignal | undefined) {
    this.#piloted = piloted;
    this.#clock = clock;
    this.#stop = stop;
    piloted.on?.("change", ({ service }) => {
      for (const wake of [...this.#waiting.get(service) ?? []]) wake();
    });
    stop?.addEventListener("abort", () => {
      for (const wakes of this.#waiting.values()) for (const wake of [...wakes]) wake();
    });
  }

  /**
   * The index of a service's list.
   *
   * @param service Name of the service.
   * @returns Milliseconds since the Unix epoch of the moment when this list was first seen here.
   * @throws {PilotedError} as `serviceHosts()`.
   */
  index(service: string): number {
    const list = this.#piloted.serviceHosts(service);
    let revision = this.#revisions.get(service);
    if (revision === undefined) this.#revisions.set(service, revision = { list: [], index: 0 });
    if (revision.index === 0 || revision.list !== list) {
      // From the clock, so that an index of the process before this one is never taken for new.
      revision.index = Math.max(revision.index + 1, Math.floor(this.#clock.now()));
      revision.list = list;
    }
    return revision.index;
  }

  /**
   * Waits until the list moves on from an index. An index that was never given out here, such as
   * one of another process, needs no waiting: that is how Consul treats one from the future.
   *
   * @param service Name of the service.
   * @param index What the caller has.
   * @param waitMs How long at most. A caller who goes away in the meantime is not noticed, as by
   * Consul: only so many wait at a time, and whoever comes then is answered at once.
   */
  async moved(service: string, index: number, waitMs: number): Promise<void> {
    const { on } = this.#piloted;
    if (on === undefined || this.index(service) !== index) return;
    if (this.#stop?.aborted || this.#count >= MOST_WAITING) return;
    let wakes = this.#waiting.get(service);
    if (wakes === undefined) this.#waiting.set(service, wakes = new Set());
    let timer: Timer | undefined;
    let wake = () => {};
    this.#count++;
    await new Promise<void>((resolve) => {
      wake = resolve;
      wakes.add(wake);
      timer = this.#clock.start(wake, waitMs, true);
    });
    this.#count--;
    timer?.cancel();
    wakes.delete(wake);
  }
}

const tags = new WeakMap<readonly unknown[], string>();

/**
 * Name of the content of a list, the same in every process.
 *
 * @param list A list that does not change any more.
 * @returns 16 hexadecimal digits.
 */
export function contentTag(list: readonly unknown[]): string {
  let tag = tags.get(list);
  if (tag === undefined) {
    const text = frozenJson(list);
    const half = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
    tags.set(list, tag = half(hashText(text)) + half(hashText(`again ${text}`)));
  }
  return tag;
}

/**
 * Whether a caller has what an answer would say.
 *
 * @param header `If-None-Match` of the request.
 * @param etag Of the answer. Compared weakly, as RFC 9110 has it.
 * @returns `true` when a 304 will do.
 */
export function isKnown(header: string | undefined | null, etag: string): boolean {
  if (!header) return false;
  const opaque = etag.replace(/^W\//, "");
  return header.split(",").some((each) => {
    const known = each.trim();
    return known === "*" || known.replace(/^W\//, "") === opaque;
  });
}
