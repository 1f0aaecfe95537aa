/**
 * Keeps one list fresh by reading it when somebody looks up.
 *
 * @module
 */
import { toPilotedError, Watch } from "./watch.ts";

// After failures the registry is left alone for one second, two, four and so on, at most this long.
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * A cache of one list, without loops and timers. The list is fresh for `ttlMs`; for another
 * `staleMs` it is handed out while a new one is read; after that a lookup waits for the read. There
 * is one read at a time. A doubtful list is confirmed by the first lookup after the confirmation is
 * due.
 */
export class OnDemandWatch extends Watch {
  // Somebody waits for the lookup.
  protected override readonly whenLimited = "fail";
  #flight: Promise<void> | undefined;
  #dueAt = 0;

  override start(): void {
    // Nothing is read before somebody looks up.
  }

  override reconnect(): void {
    this.state.forgetPosition();
    this.#dueAt = 0;
  }

  override load(waitUntil?: (work: Promise<unknown>) => void): Promise<void> | undefined {
    const { clock, ttlMs, staleMs } = this.options;
    const now = clock.now();
    if (this.#flight === undefined && now < this.#dueAt) return undefined;
    const flight = this.refresh().catch(() => {});
    // Also when the lookup waits: its caller may leave, and others join the read.
    waitUntil?.(flight);
    const { confirmedAt } = this.state;
    const isUsable = confirmedAt !== undefined && now - confirmedAt <= ttlMs + staleMs;
    return isUsable ? undefined : flight;
  }

  /** Reads now, or joins the read under way. */
  override refresh(): Promise<void> {
    const { signal } = this.stopped;
    if (signal.aborted) return Promise.reject(signal.reason);
    return this.#flight ??= this.#read(signal).finally(() => this.#flight = undefined);
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.#flight?.catch(() => {});
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { clock, consistency, ttlMs, random } = this.options;
    const { confirmAfterMs } = this.state;
    const isConfirming = confirmAfterMs !== undefined && clock.now() >= this.#dueAt;
    try {
      await this.readNow(isConfirming ? "consistent" : consistency, isConfirming, signal);
      const nextMs = this.state.confirmAfterMs;
      // A refresh() in between does not put the confirmation off.
      const isWaiting = nextMs !== undefined && confirmAfterMs !== undefined && !isConfirming;
      if (!isWaiting) this.#dueAt = clock.now() + (nextMs ?? ttlMs);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const error = toPilotedError(cause, this.query.service);
      this.fail(error);
      const pauseMs = Math.min(
        FIRST_PAUSE_MS * 2 ** (this.state.failureCount - 1),
        LONGEST_PAUSE_MS,
      );
      this.#dueAt = clock.now() + Math.max(pauseMs * (0.5 + random() / 2), error.retryAfterMs ?? 0);
      this.state.planAttempt(this.#dueAt);
      throw error;
    } finally {
      this.settle();
    }
  }
}
