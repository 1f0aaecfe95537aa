/**
 * What people write by hand: the healthy addresses of a service, read every few seconds, in turn.
 *
 * @module
 */

interface Entry {
  readonly Service: { readonly Address: string; readonly Port: number };
}

/** A list of `host:port`. */
export class PolledList {
  readonly #url: string;
  #hosts: readonly string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(url: string) {
    this.#url = url;
  }

  /**
   * Reads the list, and again at an interval.
   *
   * @param consul URL of the agent.
   * @param service Name of the service.
   * @param everyMs The interval; `Infinity` reads it once.
   */
  static async start(consul: string, service: string, everyMs: number): Promise<PolledList> {
    const list = new PolledList(`${consul}/v1/health/service/${service}?passing`);
    await list.#read();
    // After a failure the last list stays in use.
    const again = () => void list.#read().catch(() => {});
    if (everyMs !== Infinity) list.#timer = setInterval(again, everyMs);
    return list;
  }

  /** The current addresses. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** Returns a round robin of its own: rows that shared one would see every so many addresses. */
  rotation(): () => string {
    let next = 0;
    return () => {
      if (this.#hosts.length === 0) throw new Error("Cannot pick: the list is empty");
      return this.#hosts[next++ % this.#hosts.length]!;
    };
  }

  /** Stops reading. */
  stop(): void {
    clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    const response = await fetch(this.#url);
    if (!response.ok) throw new Error(`Cannot read the list: ${response.status}`);
    const entries = await response.json() as Entry[];
    this.#hosts = entries.map(({ Service }) => `${Service.Address}:${Service.Port}`);
  }
}
