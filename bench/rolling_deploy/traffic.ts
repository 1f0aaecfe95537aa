/**
 * Requests at a fixed rate, whether earlier ones were answered or not.
 *
 * @module
 */

/** What sends requests. */
export interface Row {
  /** Sends one request; rejects when it is lost. */
  send(): Promise<void>;
}

/** What became of the requests of one row. */
export interface Tally {
  sent: number;
  lost: number;
  /** How long the answered ones took, in milliseconds. */
  readonly latencies: number[];
  /** Why requests were lost, with counts. */
  readonly reasons: Map<string, number>;
}

/** Sends at the same rate for all rows, which take turns within each tick. */
export class Traffic<Sender extends Row> {
  readonly #senders: readonly Sender[];
  readonly #mostPending: number;
  readonly #pending = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;
  #tallies = new Map<Sender, Tally>();
  #ticks = 0;

  /**
   * Starts to send.
   *
   * @param senders The rows.
   * @param perSecond Requests of each row.
   * @param mostPending Requests of all rows under way from which on ticks are left out: a test must not
   * drown a busy machine.
   */
  constructor(senders: readonly Sender[], perSecond: number, mostPending = Infinity) {
    this.#senders = senders;
    this.#mostPending = mostPending;
    this.reset();
    const startedAt = performance.now();
    // After a pause of this process the missed requests are sent at once.
    this.#timer = setInterval(() => {
      const due = (performance.now() - startedAt) * perSecond / 1_000;
      while (this.#ticks < due) this.#tick();
    }, 1_000 / perSecond);
  }

  /** Forgets what was counted; requests under way are not counted any more. */
  reset(): void {
    this.#tallies = new Map(
      this.#senders.map((sender) => [sender, {
        sent: 0,
        lost: 0,
        latencies: [],
        reasons: new Map(),
      }]),
    );
  }

  /** Stops sending, and returns the counts when every request has ended. */
  async stop(): Promise<ReadonlyMap<Sender, Tally>> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    return this.#tallies;
  }

  #tick(): void {
    const first = this.#ticks++;
    if (this.#pending.size > this.#mostPending) return;
    for (let i = 0; i < this.#senders.length; i++) {
      const sender = this.#senders[(first + i) % this.#senders.length]!;
      const pending = this.#send(sender, this.#tallies.get(sender)!);
      this.#pending.add(pending);
      void pending.then(() => this.#pending.delete(pending));
    }
  }

  async #send(sender: Sender, tally: Tally): Promise<void> {
    tally.sent++;
    const startedAt = performance.now();
    try {
      await sender.send();
      tally.latencies.push(performance.now() - startedAt);
    } catch (error) {
      tally.lost++;
      const reason = reasonOf(error);
      tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1);
    }
  }
}

function reasonOf(error: unknown): string {
  const { code, message, cause } = error as Error & { code?: unknown };
  if (code !== undefined) return String(code);
  const inner = (cause as { code?: unknown } | undefined)?.code;
  return String(inner ?? message);
}
