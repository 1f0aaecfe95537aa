/**
 * Recognises a load balancer between this process and "its" agent.
 *
 * @module
 */

// Agents are replaced, but one that was replaced does not come back so soon.
const MEMORY_MS = 600_000;
// An agent that has just confirmed a registration does not forget it within this time.
const SUDDEN_MS = 1_000;
const SUDDEN_LIMIT = 2;
// An agent whose name is not known does not lose a service at each of so many heartbeats.
const FORGOTTEN_LIMIT = 3;
// How often the agent's name is read.
const LOOK_MS = 60_000;
const CALM_HEARTBEATS = 20;

/**
 * Watches which agents respond. Registered at one agent and reported to another, a service is
 * unknown there; registering it again would leave a copy at every agent, one after the other. Four
 * signs give it away: an agent's name comes back after another's, two names respond within one burst
 * of requests, a registration is unknown right after it was confirmed, or, where the token may not
 * read names, at one heartbeat after the other.
 */
export class RouteMonitor {
  readonly #seen: { readonly node: string; readonly at: number }[] = [];
  #suddenCount = 0;
  #forgottenCount = 0;
  #lookedAt = -Infinity;
  #registeredAt = -Infinity;
  #calm = 0;
  #misrouted = false;

  /** Whether requests reach different agents. */
  get isMisrouted(): boolean {
    return this.#misrouted;
  }

  /** Names of the agents that responded, as far as they are known. */
  get nodes(): readonly string[] {
    return [...new Set(this.#seen.map(({ node }) => node))].sort();
  }

  /**
   * A registration was confirmed.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  registered(now: number): void {
    this.#registeredAt = now;
  }

  /**
   * A heartbeat was accepted.
   *
   * @param isNew Whether it is the one that follows a registration.
   */
  accepted(isNew: boolean): void {
    this.#suddenCount = 0;
    if (!isNew) this.#forgottenCount = 0;
    if (!this.#misrouted || ++this.#calm < CALM_HEARTBEATS) return;
    this.#misrouted = false;
    this.#seen.length = 0;
  }

  /**
   * The agent did not know the check.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  unknown(now: number): void {
    this.#calm = 0;
    this.#forgottenCount++;
    if (this.#seen.length === 0 && this.#forgottenCount >= FORGOTTEN_LIMIT) this.#misrouted = true;
    if (now - this.#registeredAt > SUDDEN_MS) return;
    this.#suddenCount++;
    if (this.#suddenCount >= SUDDEN_LIMIT) this.#misrouted = true;
  }

  /**
   * Whether it is time to read the agent's name again.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  isDue(now: number): boolean {
    return this.#seen.length > 0 && now - this.#lookedAt >= LOOK_MS;
  }

  /**
   * Nodes that responded to requests sent one right after the other.
   *
   * @param nodes Their names; `undefined` where the agent did not tell.
   * @param now Milliseconds since the Unix epoch.
   */
  saw(nodes: readonly (string | undefined)[], now: number): void {
    this.#lookedAt = now;
    const names = nodes.filter((node) => node !== undefined);
    if (new Set(names).size > 1) this.#misrouted = true;
    while (this.#seen.length > 0 && now - this.#seen[0]!.at > MEMORY_MS) this.#seen.shift();
    for (const node of names) {
      const last = this.#seen.at(-1);
      if (last?.node === node) continue;
      if (this.#seen.some((other) => other.node === node)) this.#misrouted = true;
      this.#seen.push({ node, at: now });
    }
  }
}
