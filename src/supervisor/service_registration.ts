/**
 * The registration of a job's service, as ContainerPilot makes it: id `NAME-HOSTNAME`, not registered
 * before the first passing check unless the file names an initial status, and silent after a failing
 * one, so that the TTL is the tolerance.
 *
 * @module
 */
import type { Config, RegistrationConfig } from "../config/config.ts";
import { isPilotedError } from "../any_piloted_error.ts";
import { createRegistration, type Registration } from "../registration/mod.ts";
import { environment } from "../runtime/environment.ts";
import { hostname } from "../runtime/interfaces.ts";
import type { JobHost, JobRegistration } from "./job_host.ts";

// What ContainerPilot takes where a file has no `interfaces`.
const DEFAULT_INTERFACES = ["eth0:inet", "inet"];
const INTERVAL_MS = 10_000;

/** What it needs. */
export interface ServiceRegistrationOptions {
  /** Where Consul is. */
  readonly config: Config;
  /** What is registered. */
  readonly service: RegistrationConfig;
  /** Receives a line for people. */
  readonly log: JobHost["log"];
}

/** Keeps a service registered while its job is healthy. */
export class ServiceRegistration implements JobRegistration {
  readonly #options: ServiceRegistrationOptions;
  #current: Promise<Registration> | undefined;
  #address = "";
  #isHealthy = false;

  /** @param options What it needs. */
  constructor(options: ServiceRegistrationOptions) {
    this.#options = options;
  }

  /** The address that is registered; `""` for the agent's own. */
  get address(): string {
    return this.#address;
  }

  /**
   * Finds out its address, and registers it with its initial status if it has one.
   *
   * @throws {PilotedError} `CONFIG_INVALID` when no interface has the address that the file asks for.
   */
  async open(): Promise<void> {
    this.#current = this.#create(this.#options.service.initialStatus);
    this.#address = (await this.#current).status().address;
  }

  /** Reports that it is healthy. Registers it when it is not registered. */
  pass(): void {
    this.#isHealthy = true;
    this.#current ??= this.#create(undefined);
    void this.#current.then(
      // After fail() or deregister() meanwhile there is nothing to report.
      (registration) => this.#isHealthy && registration.pass(),
    ).catch((error: Error) => this.#warn(error.message));
  }

  /** Ends the heartbeats until it is healthy again. */
  fail(): void {
    this.#isHealthy = false;
  }

  /** Takes it out of the registry. */
  async deregister(): Promise<boolean> {
    this.#isHealthy = false;
    const registration = await this.#current?.catch(() => undefined);
    this.#current = undefined;
    if (registration === undefined) return false;
    const { state } = registration.status();
    await registration.close();
    return state === "registered" || state === "misrouted";
  }

  async #create(initialStatus: RegistrationConfig["initialStatus"]): Promise<Registration> {
    const { interfaces } = this.#options.service;
    const isAdvertised = environment({ quiet: true }).PILOTED_ADVERTISE_ADDRESS;
    if (interfaces.length > 0 || isAdvertised) {
      return await this.#register(interfaces, initialStatus);
    }
    try {
      return await this.#register(DEFAULT_INTERFACES, initialStatus);
    } catch (error) {
      if (!isPilotedError(error) || error.code !== "CONFIG_INVALID") throw error;
      this.#warn(
        "has no interface with an IPv4 address: it is registered with the agent's address",
      );
      return await this.#register([], initialStatus);
    }
  }

  async #register(
    interfaces: readonly string[],
    initialStatus: RegistrationConfig["initialStatus"],
  ): Promise<Registration> {
    const { config, service } = this.#options;
    const { name, port, tags, meta, enableTagOverride, ttlMs } = service;
    const intervalMs = service.healthIntervalMs ?? (ttlMs === undefined ? INTERVAL_MS : ttlMs / 3);
    let wasRegistered = false;
    return await createRegistration({
      config: { ...config, watches: [], patterns: [], registrations: [], warnings: [] },
      name,
      port,
      // A host name may have characters that would need escapes in URLs.
      id: `${name}-${hostname() ?? "localhost"}`.replace(/[^A-Za-z0-9._:-]/g, "-"),
      tags,
      meta,
      interfaces,
      enableTagOverride,
      initialStatus,
      awaitPassing: true,
      deregisterCriticalAfterMs: service.deregisterCriticalServiceAfterMs ?? 0,
      check: {
        // ContainerPilot has no rule that the TTL must be longer; with a shorter one it flaps.
        ttlMs: Math.max(ttlMs ?? intervalMs * 3, intervalMs + 1),
        intervalMs,
        run: () => this.#isHealthy,
        reportFailures: false,
        notes: `TTL for ${name} set by containerpilot`,
      },
      drainMs: 0,
      onError: ({ message }) => this.#warn(message),
      onStatus: ({ state, id, address }) => {
        if (state !== "registered" || wasRegistered) return;
        wasRegistered = true;
        this.#options.log(
          "info",
          `is registered as ${id} at ${address || "the agent"}:${port}`,
          name,
        );
      },
    });
  }

  #warn(message: string): void {
    this.#options.log("warn", message, this.#options.service.name);
  }
}
