/**
 * Whether an agent has its own copy of what it is asked for.
 *
 * @module
 */
import type { Consistency, Freshness, ReadOptions } from "../source/source.ts";

/**
 * Consul's streaming backend (1.10 and newer, on by default in client agents) keeps a copy of every
 * service that is read with an index or with `cached`. Such reads cost the servers nothing, while the
 * summary of all services makes them send every instance. Which backend an agent uses is only known
 * from such a response: without an index and `cached` it always queries the servers. That it names
 * its backend at all shows that it may have the other one, so `cached` is tried then.
 */
export class AgentCopies {
  readonly #mayUse: boolean;
  #state: "absent" | "perhaps" | "present" = "absent";
  #isKnown = false;

  /**
   * Creates one that knows nothing yet.
   *
   * @param consistency What the client asks for; a copy is used only where any server may respond.
   */
  constructor(consistency: Consistency = "stale") {
    this.#mayUse = consistency === "stale" || consistency === "cached";
  }

  /** Whether a read with `cached` is (or may be) made from the agent's own copy. */
  get areUsable(): boolean {
    return this.#mayUse && this.#state !== "absent";
  }

  /** Takes what a response says. */
  note({ backend }: Freshness, { position, consistency }: ReadOptions): void {
    if (backend === "streaming") {
      this.#state = "present";
    } else if (position !== undefined || consistency === "cached") {
      this.#state = "absent";
    } else {
      if (backend !== undefined && !this.#isKnown) this.#state = "perhaps";
      return;
    }
    this.#isKnown ||= backend !== undefined;
  }
}
