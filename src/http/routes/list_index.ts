/**
 * Index of each service's list, and long polls that wait for the next one.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { onAbort, sleep } from "../../wait.ts";
import type { LookupClient } from "../lookup_client.ts";

interface Entry {
  list: readonly Endpoint[];
  index: number;
}

const MAX_LONG_POLLS = 10_000;

/** Indexes of all lists. An index only grows, also across restarts of this process. */
export class ListIndexes {
  readonly #piloted: LookupClient;
  readonly #clock: Clock;
  readonly #stop: AbortSignal | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #longPolls = new Map<string, Set<AbortController>>();
  #longPollCount = 0;

  /**
   * Follows a client.
   *
   * @param piloted The client.
   * @param clock Clock for indexes and timeouts.
   * @param stop Ends all long polls.
   */
  constructor(piloted: LookupClient, clock: Clock, stop: AbortSignal | undefined) {
    this.#piloted = piloted;
    this.#clock = clock;
    this.#stop = stop;
    piloted.on("change", ({ service }) => wake(this.#longPolls.get(service)));
    onAbort(stop, () => {
      for (const polls of this.#longPolls.values()) wake(polls);
    });
  }

  /**
   * The index of a service's list.
   *
   * @param service Name of the service.
   * @returns When this list was first seen, in milliseconds since the Unix epoch.
   * @throws {PilotedError} as `serviceHosts()`.
   */
  of(service: string): number {
    const list = this.#piloted.serviceHosts(service);
    let entry = this.#entries.get(service);
    if (entry === undefined) this.#entries.set(service, entry = { list: [], index: 0 });
    if (entry.index === 0 || entry.list !== list) {
      // From the clock, so that an index of an earlier process is never higher.
      entry.index = Math.max(entry.index + 1, Math.floor(this.#clock.now()));
      entry.list = list;
    }
    return entry.index;
  }

  /**
   * Waits until the list has another index. Resolves at once for an index that is not the current
   * one, such as one of another process: Consul treats an index from the future the same way.
   *
   * @param service Name of the service.
   * @param index The index that the caller has.
   * @param waitMs Maximum wait. The number of long polls is limited; beyond the limit the wait ends at
   * once.
   * @param left Aborts when the caller has disconnected.
   */
  async waitForChange(
    service: string,
    index: number,
    waitMs: number,
    left: AbortSignal,
  ): Promise<void> {
    if (this.of(service) !== index) return;
    if (this.#stop?.aborted || this.#longPollCount >= MAX_LONG_POLLS) return;
    let polls = this.#longPolls.get(service);
    if (polls === undefined) this.#longPolls.set(service, polls = new Set());
    const poll = new AbortController();
    polls.add(poll);
    this.#longPollCount++;
    const remove = onAbort(left, () => poll.abort());
    try {
      await sleep(this.#clock, waitMs, { signal: poll.signal, background: true });
    } catch {
      // The list changed, or the server is stopping.
    }
    remove();
    this.#longPollCount--;
    polls.delete(poll);
  }
}

function wake(polls: ReadonlySet<AbortController> | undefined): void {
  for (const poll of [...polls ?? []]) poll.abort();
}
