/**
 * The application's own check.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { CheckHealth } from "../registration_status.ts";
import { deadline } from "../wait.ts";
import { type CheckResult, PASSING_OUTPUT, type ResolvedHeartbeat } from "./options.ts";

/** What is known of the health of this process. */
export interface Health {
  /** Status to report. */
  readonly status: CheckHealth;
  /** Text for people. */
  readonly output: string;
  /** Whether the check failed, whatever is reported. */
  readonly failed: boolean;
}

/** Runs the option `check.run`, one run at a time. */
export class HealthCheck {
  readonly #options: ResolvedHeartbeat;
  readonly #clock: Clock;
  readonly #background: boolean;
  readonly #stop = new AbortController();
  #failureCount = 0;
  #hanging = false;

  /**
   * Creates it; nothing is run yet.
   *
   * @param options The check.
   * @param clock Time.
   * @param background Whether its deadline must not keep the process alive.
   */
  constructor(options: ResolvedHeartbeat, clock: Clock, background: boolean) {
    this.#options = options;
    this.#clock = clock;
    this.#background = background;
  }

  /** Aborts the signal of a run under way. */
  stop(): void {
    this.#stop.abort(new DOMException("The registration is stopping", "AbortError"));
  }

  /**
   * Runs the check once.
   *
   * @param before The health before it, which stays until enough runs in a row have failed.
   * @returns The health after it. Never rejects.
   */
  async run(before: Health): Promise<Health> {
    const { failuresBeforeCritical } = this.#options;
    const { status, output } = await this.#result();
    if (status !== "critical") {
      this.#failureCount = 0;
      return { status, output, failed: false };
    }
    this.#failureCount++;
    if (this.#failureCount < failuresBeforeCritical) return { ...before, failed: true };
    return { status, output, failed: true };
  }

  async #result(): Promise<{ status: CheckHealth; output: string }> {
    const { run, timeoutMs } = this.#options;
    const critical = (output: string) => ({ status: "critical" as const, output });
    if (this.#hanging) return critical("the check before has not ended yet");
    try {
      const result = await deadline(this.#clock, (signal) => this.#start(run!, signal), {
        timeoutMs,
        signal: this.#stop.signal,
        background: this.#background,
        error: () => new Error(`the check took longer than ${timeoutMs} ms`),
      });
      return healthOf(result);
    } catch (error) {
      return critical(error instanceof Error ? error.message || error.name : String(error));
    }
  }

  // A run that ignores its signal is left alone, and no other is started beside it.
  #start(
    run: NonNullable<ResolvedHeartbeat["run"]>,
    signal: AbortSignal,
  ): Promise<CheckResult> {
    this.#hanging = true;
    const result = new Promise<CheckResult>((resolve) => resolve(run(signal)));
    const ended = () => {
      this.#hanging = false;
    };
    result.then(ended, ended);
    return result;
  }
}

function healthOf(result: CheckResult): { status: CheckHealth; output: string } {
  if (result === undefined || result === true) return { status: "passing", output: PASSING_OUTPUT };
  if (result === false) return { status: "critical", output: "the check returned false" };
  const { status, output } = typeof result === "string"
    ? { status: result, output: undefined }
    : result ?? { status: undefined, output: undefined };
  if (status !== "passing" && status !== "warning" && status !== "critical") {
    throw new TypeError(
      'the check must return nothing, a boolean, "passing", "warning", "critical", or an object ' +
        "with a status of these",
    );
  }
  return { status, output: output ?? (status === "passing" ? PASSING_OUTPUT : status) };
}
