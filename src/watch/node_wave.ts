/**
 * Nodes that fail together.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Reading } from "../source/source.ts";
import { type HealthPolicy, isUsable } from "./policies.ts";

// Instances that fail one after the other within this time fail together.
const WAVE_MS = 10_000;

/**
 * Remembers what was handed out before the first of several nodes failed. When agents no longer hear
 * from each other, their nodes become critical one after the other, and the last one alone could not
 * carry what all of them did.
 */
export class NodeWave {
  readonly #health: HealthPolicy;
  #before: { readonly endpoints: readonly Endpoint[]; readonly at: number } | undefined;

  /** Creates one that remembers nothing. */
  constructor(health: HealthPolicy) {
    this.#health = health;
  }

  /**
   * Whether a reading leaves nothing to hand out, and only because of the checks of nodes.
   *
   * @param reading The reading.
   * @param current What is handed out.
   * @param now Milliseconds since the Unix epoch.
   */
  hitsAll(reading: Reading, current: readonly Endpoint[], now: number): boolean {
    const { endpoints, nodeFailedCount = 0 } = reading;
    if (nodeFailedCount === 0 || this.before(current, now).length === 0) return false;
    let critical = 0;
    for (const { status } of endpoints) {
      if (isUsable(status, this.#health)) return false;
      if (status === "critical") critical++;
    }
    return critical === nodeFailedCount;
  }

  /** What was handed out before the first node failed, if that was a short time ago. */
  before(current: readonly Endpoint[], now: number): readonly Endpoint[] {
    const before = this.#before;
    const isRecent = before !== undefined && now - before.at <= WAVE_MS;
    return isRecent && before.endpoints.length > current.length ? before.endpoints : current;
  }

  /** A reading is accepted. `current` is what was handed out until now. */
  note({ nodeFailedCount = 0 }: Reading, current: readonly Endpoint[], now: number): void {
    if (nodeFailedCount === 0) this.#before = undefined;
    else if (this.#before === undefined || now - this.#before.at > WAVE_MS) {
      this.#before = { endpoints: current, at: now };
    }
  }
}
