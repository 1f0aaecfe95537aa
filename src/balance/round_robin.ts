/**
 * One after the other.
 *
 * @module
 */
import type { Balancer, Candidate, PickOptions } from "./balancer.ts";

/** Gives A, B, C, A: every candidate in turn, in the order of the list, whatever its weight. */
export class RoundRobin implements Balancer {
  /** Name of the algorithm. */
  readonly name: "round_robin" = "round_robin";
  #candidates: readonly Candidate[] = [];
  #next = 0;

  /**
   * Goes on after the candidate that was picked last, or after the nearest one before it that is
   * still there.
   *
   * @param eligible Those that may be picked.
   */
  update(eligible: readonly Candidate[]): void {
    const before = this.#candidates;
    const last = this.#next - 1;
    this.#candidates = eligible;
    if (last < 0 || eligible[last] === before[last]) return;
    const places = new Map(eligible.map((candidate, index) => [candidate, index]));
    this.#next = 0;
    for (let i = last; i >= 0 && this.#next === 0; i--) {
      this.#next = (places.get(before[i]!) ?? -1) + 1;
    }
  }

  /**
   * Picks the next in turn, passing over those that are excluded.
   *
   * @param options What this pick asks for.
   * @returns The candidate, or `undefined` when there is none.
   */
  pick(options?: PickOptions): Candidate | undefined {
    const candidates = this.#candidates;
    const exclude = options?.exclude;
    for (let left = candidates.length; left > 0; left--) {
      const index = this.#next < candidates.length ? this.#next : 0;
      const candidate = candidates[index]!;
      this.#next = index + 1;
      if (exclude === undefined || !exclude(candidate.endpoint)) return candidate;
    }
    return undefined;
  }
}
