/**
 * Makes registrations that share one agent.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { RegistrationConfig } from "../config/config.ts";
import type { PilotedError } from "../errors.ts";
import type { RegistrationStatus } from "../registration_status.ts";
import type { Environment } from "../runtime/environment.ts";
import { hostname, networkInterfaces } from "../runtime/interfaces.ts";
import type { AgentAccess } from "./agent_access.ts";
import { AgentClient } from "./agent_client.ts";
import type { Place } from "./agent_requests.ts";
import { type DefineOptions, defineService, type Machine } from "./define.ts";
import { type JobChecks, jobOptions } from "./job_options.ts";
import { checkRegisterOptions } from "./check_register_options.ts";
import type { RegisterOptions } from "./options.ts";
import { Registration } from "./registration.ts";
import { RegistrationLoop } from "./registration_loop.ts";

/** What a registrar is made with. */
export interface RegistrarSetup {
  /** How the agent is reached. */
  readonly access: AgentAccess;
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Whether timers must not keep the process alive. */
  readonly background: boolean;
  /** The environment. */
  readonly env: Environment;
  /** Texts that must not be shown in outputs, beside the token that is sent. */
  readonly secrets: () => readonly string[];
  /** Namespace and admin partition of services that name none. @default {none} */
  readonly place?: (() => Place) | undefined;
  /** Called when state or health of a registration change. */
  readonly changed: (status: RegistrationStatus) => void;
  /** Called when something failed and was handled. */
  readonly failed: (error: PilotedError) => void;
  /** Whether the connections are closed with the last registration. @default {false} */
  readonly closeWhenEmpty?: boolean | undefined;
  /** The machine. @default {this one} */
  readonly machine?: Machine | undefined;
}

/** Registrations at one agent. */
export class Registrar {
  readonly #setup: RegistrarSetup;
  readonly #client: AgentClient;
  readonly #registrations = new Set<Registration>();

  /**
   * Creates it; nothing is sent yet.
   *
   * @param setup What it needs.
   */
  constructor(setup: RegistrarSetup) {
    this.#setup = setup;
    this.#client = new AgentClient(setup.access, setup.clock, setup.background);
  }

  /** Every registration that is not closed. */
  get registrations(): readonly Registration[] {
    return [...this.#registrations];
  }

  /**
   * Registers a service and keeps it registered.
   *
   * @param options What.
   * @param caller The function that takes them, for messages.
   * @param how How a job of a file is read.
   * @throws {TypeError} and {@linkcode RangeError} for invalid options, {@linkcode PilotedError}
   * `CONFIG_INVALID` when its address or id cannot be found out.
   */
  register(options: RegisterOptions, caller: string, how?: DefineOptions): Registration {
    const { machine = { networkInterfaces, hostname }, env } = this.#setup;
    const heartbeat = checkRegisterOptions(options, caller);
    const { namespace, partition } = this.#setup.place?.() ?? {};
    const placed = {
      ...options,
      namespace: options.namespace ?? namespace,
      partition: options.partition ?? partition,
    };
    const definition = defineService(placed, heartbeat, env, machine, how);
    const client = this.#client;
    const secrets = () => [...this.#setup.secrets(), client.token ?? ""];
    const setup = { ...this.#setup, definition, client, secrets };
    const release = async () => {
      this.#registrations.delete(registration);
      if (this.#setup.closeWhenEmpty && this.#registrations.size === 0) await this.#client.close();
    };
    const registration = new Registration(new RegistrationLoop(setup), setup, release);
    this.#registrations.add(registration);
    return registration;
  }

  /**
   * Registers jobs of a configuration file as ContainerPilot does.
   *
   * @param jobs Jobs with a port.
   * @param checks Their checks, by name.
   */
  registerJobs(jobs: readonly RegistrationConfig[], checks: JobChecks = {}): Registration[] {
    const how = { defaultInterfaces: true, idWithoutPort: true };
    return jobs.map((job) => this.register(jobOptions(job, checks), "registerJobs()", how));
  }

  /** Closes every registration, then the connections. */
  async close(): Promise<void> {
    await Promise.all(this.registrations.map((registration) => registration.close()));
    await this.#client.close();
  }
}
