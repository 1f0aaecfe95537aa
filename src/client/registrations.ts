/**
 * The registrations of a client.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";
import { PilotedError } from "../errors.ts";
import type { JobChecks } from "../registration/job_options.ts";
import type { RegisterOptions } from "../registration/options.ts";
import type { Registrar } from "../registration/registrar.ts";
import type { Registration } from "../registration/registration.ts";
import type { RegistrationStatus } from "../registration_status.ts";
import type { Engine } from "./engine.ts";

/** Registers, and deregisters before the client closes. */
export class Registrations {
  readonly #engine: Engine;
  #registrar: Registrar | undefined;
  #loading: Promise<Registrar> | undefined;
  #closed: Promise<void> | undefined;

  /**
   * Creates it; nothing is loaded before the first registration.
   *
   * @param engine What runs inside the client.
   */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Registers one service. */
  async register(options: RegisterOptions): Promise<Registration> {
    return (await this.#load()).register(options, "register()");
  }

  /** Registers every job with a port. */
  async registerJobs(checks: JobChecks): Promise<readonly Registration[]> {
    const { registrations } = this.#engine.config;
    if (registrations.length === 0) {
      throw new PilotedError(
        "CONFIG_INVALID",
        "Cannot register: the configuration has no job with a port; use register() with a name and " +
          "a port",
      );
    }
    return (await this.#load()).registerJobs(registrations, checks);
  }

  /** How each stands. */
  status(): readonly RegistrationStatus[] {
    return this.#registrar?.registrations.map((registration) => registration.status()) ?? [];
  }

  /** Closes every registration, then the client: while they drain, lookups and requests go on. */
  close(): Promise<void> {
    return this.#closed ??= this.#loading === undefined ? this.#engine.close() : this.#closeAll();
  }

  async #closeAll(): Promise<void> {
    const registrar = await this.#loading!.catch(() => undefined);
    await registrar?.close();
    await this.#engine.close();
  }

  async #load(): Promise<Registrar> {
    const { mode } = this.#engine.options;
    if (mode === "on-demand") {
      throw new PilotedError(
        "UNSUPPORTED",
        'Cannot register: mode "on-demand" has no timers for heartbeats; use mode "live" or ' +
          "createRegistration() of @piloted/core/registration",
      );
    }
    this.#assertOpen();
    const registrar = await (this.#loading ??= this.#create());
    this.#assertOpen();
    return registrar;
  }

  async #create(): Promise<Registrar> {
    const engine = this.#engine;
    const { options, events } = engine;
    const { clock, random, keepProcessAlive, fetch } = options;
    const { connectRegistrar } = await loadModule(() =>
      import("../registration/connect_registrar.ts")
    );
    return this.#registrar = connectRegistrar({
      consul: () => engine.config.consul,
      fetch,
      env: options.env,
      clock,
      random,
      background: !keepProcessAlive,
      changed: (status) => events.emit("registration", status),
      failed: (error) => events.emit("error", error),
    });
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) {
      throw new PilotedError("CLOSED", "Cannot register: the client was closed");
    }
    this.#engine.assertOpen();
  }
}
