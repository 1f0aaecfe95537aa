/**
 * Where the time between two heartbeats went.
 *
 * @module
 */
import type { LateParty, MissedTtl } from "../registration_status.ts";

const NAMES: Readonly<Record<LateParty, string>> = {
  "event-loop": "this process was stopped or its event loop busy",
  "check": "the application's check was slow",
  "agent": "the agent was away or slow",
  "network": "the agent could not be reached over the network",
};

/** Adds up what delayed heartbeats, and says what took most of the time when a TTL expired. */
export class LateLedger {
  readonly #spent = new Map<LateParty, number>();
  #since: number | undefined;

  /**
   * Adds time.
   *
   * @param party What took it.
   * @param milliseconds How long.
   */
  add(party: LateParty, milliseconds: number): void {
    this.#spent.set(party, (this.#spent.get(party) ?? 0) + milliseconds);
  }

  /**
   * The agent has registered the service: the first TTL runs from here, not from the first heartbeat.
   *
   * @param now Milliseconds since the Unix epoch.
   */
  begin(now: number): void {
    if (this.#since !== undefined) return;
    this.#spent.clear();
    this.#since = now;
  }

  /**
   * A heartbeat was accepted: begins a new page.
   *
   * @param now Milliseconds since the Unix epoch.
   * @param ttlMs Time to live in milliseconds.
   * @returns What happened when more than the TTL has passed since the last one.
   */
  accepted(now: number, ttlMs: number): MissedTtl | undefined {
    const gapMs = this.#since === undefined ? 0 : now - this.#since;
    const missed = gapMs > ttlMs ? this.#verdict(now, gapMs, ttlMs) : undefined;
    this.#spent.clear();
    this.#since = now;
    return missed;
  }

  #verdict(now: number, gapMs: number, ttlMs: number): MissedTtl {
    const parts = [...this.#spent].filter(([, ms]) => ms >= 1).sort((a, b) => b[1] - a[1]);
    const late = parts[0]?.[0] ?? "event-loop";
    const measured = parts.map(([party, ms]) => `${party} ${Math.round(ms)} ms`).join(", ");
    const reason =
      `no heartbeat for ${Math.round(gapMs)} ms, longer than the TTL of ${ttlMs} ms: ` +
      `${NAMES[late]}${measured === "" ? "" : ` (${measured})`}`;
    return { at: now, gapMs, late, reason };
  }
}
