/**
 * The handle of a registration.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import type { RegistrationStatus } from "../registration_status.ts";
import { deadline, sleep } from "../wait.ts";
import { PASSING_OUTPUT, type RegisterOptions } from "./options.ts";
import type { LoopSetup, RegistrationLoop } from "./registration_loop.ts";
import { closeOnSignal } from "./stop_signals.ts";

const DRAIN_MS = 500;
const STOP_TIMEOUT_MS = 5_000;

// A client that takes another's place registers the same id before the old one stops.
const owners = new Map<string, Registration>();

/**
 * One registration of this process, which is kept alive until it is closed: see `Piloted.register()`
 * and `createRegistration()`.
 *
 * @example
 * ```ts
 * import { createRegistration } from "@piloted/core/registration";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * const registration = await createRegistration({
 *   name: "orders",
 *   port: 8080,
 *   config: { consul: "127.0.0.1:8500" },
 *   fetch: consul.fetch,
 *   drainMs: 0,
 * });
 * await registration.ready;
 * assertEquals(registration.status().state, "registered");
 * await registration.close();
 * await consul.close();
 * ```
 */
export class Registration {
  readonly #loop: RegistrationLoop;
  readonly #options: RegisterOptions;
  readonly #clock: Clock;
  readonly #background: boolean;
  readonly #failed: (error: PilotedError) => void;
  readonly #key: string;
  readonly #removeSignals: () => void;
  readonly #release: () => Promise<void>;
  #closed: Promise<void> | undefined;
  #isStopping = false;

  /** @internal Use `Piloted.register()` or `createRegistration()`. */
  constructor(loop: RegistrationLoop, setup: LoopSetup, release: () => Promise<void>) {
    const { definition: { id, options }, client, clock, background, failed } = setup;
    this.#loop = loop;
    this.#options = options;
    this.#clock = clock;
    this.#background = background;
    this.#failed = failed;
    this.#release = release;
    this.#key = `${client.url} ${options.partition ?? ""} ${options.namespace ?? ""} ${id}`;
    owners.set(this.#key, this);
    this.#removeSignals = options.signals ? closeOnSignal(() => this.close()) : () => {};
    loop.start();
  }

  /**
   * Resolves when the catalog lists the instance, so that others find it. Never gives up.
   *
   * @throws {PilotedError} `CLOSED` when it is closed before, by rejecting.
   */
  get ready(): Promise<void> {
    return this.#loop.ready;
  }

  /**
   * Reports passing, at once and with every heartbeat until it changes.
   *
   * @param output Text for people. Keep it constant: agents write every change to the servers.
   * @throws {PilotedError} `CLOSED` after `close()`.
   */
  pass(output: string = PASSING_OUTPUT): void {
    this.#report("passing", output);
  }

  /**
   * Reports warning, at once and with every heartbeat until it changes.
   *
   * @param output Text for people; cut at 4,000 bytes.
   * @throws {PilotedError} `CLOSED` after `close()`.
   */
  warn(output: string = "warning"): void {
    this.#report("warning", output);
  }

  /**
   * Reports critical, at once and with every heartbeat until it changes.
   *
   * @param output Text for people; cut at 4,000 bytes.
   * @throws {PilotedError} `CLOSED` after `close()`.
   */
  fail(output: string = "critical"): void {
    this.#report("critical", output);
  }

  /**
   * Enables or disables maintenance: the instance stays registered and is not handed out. It is for
   * operators and is not needed to stop.
   *
   * @param on Whether it is enabled.
   * @param reason Why, for people. @default {"maintenance"}
   * @returns Resolves when the agent has done it, or when it will be done with the registration.
   * @throws {PilotedError} `CLOSED` after `close()`, otherwise why the agent did not do it.
   */
  async maintenance(on: boolean, reason: string = "maintenance"): Promise<void> {
    this.#assertOpen();
    await this.#loop.maintain(on ? reason : undefined);
  }

  /**
   * Deregisters the instance, within a second, and ends the heartbeats. Requests go on to arrive
   * until clients have heard of it; `close()` waits for that.
   *
   * @returns Resolves when the agent has removed it, or when it does not respond. Never rejects.
   */
  async deregister(): Promise<void> {
    this.#isStopping = true;
    await this.#loop.stop(() => owners.get(this.#key) !== this);
  }

  /** How it stands. */
  status(): RegistrationStatus {
    return this.#loop.status();
  }

  /**
   * Deregisters, waits for `drainMs` until clients have heard of it, and calls `onStop`: all within
   * `stopTimeoutMs`. Idempotent.
   *
   * @returns Resolves when all is done or the time is up. Never rejects.
   */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** The same as {@linkcode Registration.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { drainMs = DRAIN_MS, stopTimeoutMs = STOP_TIMEOUT_MS } = this.#options;
    const endAt = this.#clock.now() + stopTimeoutMs;
    const background = this.#background;
    await this.deregister();
    const wasRegistered = await this.#loop.stop(() => false);
    const leftMs = endAt - this.#clock.now();
    if (wasRegistered && drainMs > 0 && leftMs > 0) {
      await sleep(this.#clock, Math.min(drainMs, leftMs), { background });
    }
    await this.#callOnStop(Math.max(1, endAt - this.#clock.now()));
    // Not before: a signal in the meantime must not cut the drain short.
    this.#removeSignals();
    if (owners.get(this.#key) === this) owners.delete(this.#key);
    this.#loop.closed();
    await this.#release();
  }

  async #callOnStop(timeoutMs: number): Promise<void> {
    const { onStop, name } = this.#options;
    if (onStop === undefined) return;
    const subject = `Cannot stop service ${JSON.stringify(name)}`;
    try {
      await deadline(this.#clock, () => new Promise<void>((resolve) => resolve(onStop())), {
        timeoutMs,
        background: this.#background,
        error: () =>
          new PilotedError("TIMEOUT", `${subject}: onStop took longer than ${timeoutMs} ms`, {
            service: name,
          }),
      });
    } catch (cause) {
      this.#failed(
        cause instanceof PilotedError
          ? cause
          : new PilotedError("LISTENER_FAILED", `${subject}: onStop threw`, {
            cause,
            service: name,
          }),
      );
    }
  }

  #report(status: "passing" | "warning" | "critical", output: string): void {
    this.#assertOpen();
    this.#loop.report(status, String(output));
  }

  #assertOpen(): void {
    if (!this.#isStopping) return;
    const { name } = this.#options;
    const message = `Cannot use the registration of service ${JSON.stringify(name)}: it was closed`;
    throw new PilotedError("CLOSED", message, { service: name });
  }
}
