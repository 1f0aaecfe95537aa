/**
 * One registration as its agent knows it.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { PilotedError } from "../errors.ts";
import type { AgentServer } from "./agent_access.ts";
import type { AgentClient } from "./agent_client.ts";
import type { Place, RequestOptions } from "./agent_requests.ts";
import { CatalogListing } from "./catalog_listing.ts";
import { checkOutput } from "./check_output.ts";
import { type Definition, serviceBody } from "./definition.ts";
import type { Health } from "./health_check.ts";
import { isOwnMaintenance, ownMaintenance } from "./maintenance.ts";
import { removeService } from "./remove_service.ts";
import { misroutedError } from "./retry.ts";
import { RouteMonitor } from "./route_monitor.ts";

/** What it needs. */
export interface AgentRegistrationSetup {
  /** What is registered. */
  readonly definition: Definition;
  /** The agent. */
  readonly client: AgentClient;
  /** Time. */
  readonly clock: Clock;
  /** Whether timers must not keep the process alive. */
  readonly background: boolean;
  /** Texts that must not be shown in outputs. */
  readonly secrets: () => readonly string[];
  /** Aborts when nothing may be sent any more but the removal. */
  readonly signal: AbortSignal;
  /** Called when the agent has registered it, before the heartbeat that follows. */
  readonly registered: (now: number) => void;
  /** Called with the duration of each heartbeat that was accepted, in milliseconds. */
  readonly took: (milliseconds: number) => void;
  /** Called when this process was held up. */
  readonly late: () => void;
  /** When the agent last accepted something, in milliseconds since the Unix epoch. */
  readonly confirmedAt: () => number | undefined;
  /** Called when the removal failed. */
  readonly failed: (error: PilotedError) => void;
}

const SAMPLES = 3;
// An agent that was left is asked once per heartbeat, and must not hold it up.
const FORMER_MS = 1_000;

/** The way to an agent that accepted the registration. */
interface Way {
  readonly server: AgentServer;
  readonly token: string | undefined;
}

/** Registers at an agent, reports to it, and registers again when it does not know the check. */
export class AgentRegistration {
  /** Which agents respond. */
  route: RouteMonitor = new RouteMonitor();
  /** Whether the catalog lists it. */
  readonly listing: CatalogListing;
  readonly #setup: AgentRegistrationSetup;
  readonly #place: Place;
  #mustRegister = true;
  #isSent = false;
  #count = 0;
  /** The way to the agent that it was registered at. */
  #way: Way | undefined;
  /** Agents that were registered at before, by their addresses, with the names of their nodes. */
  readonly #former = new Map<string, { server: AgentServer; node: string | undefined }>();
  #maintenance: string | undefined;

  /**
   * Creates it; nothing is sent yet.
   *
   * @param setup What it needs.
   */
  constructor(setup: AgentRegistrationSetup) {
    const { definition: { id, options, heartbeat }, client, clock, background, signal } = setup;
    const { name, namespace, partition } = options;
    this.#setup = setup;
    this.#place = { namespace, partition };
    this.listing = new CatalogListing({
      isListed: () => client.isListed(name, id, { ...this.#options(), urgent: false }),
      clock,
      background,
      intervalMs: heartbeat.intervalMs,
      signal,
    });
  }

  /** How often it was registered. */
  get count(): number {
    return this.#count;
  }

  /** Whether a request to register was sent, answered or not. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /** Why it is in maintenance, by this process. */
  get maintenance(): string | undefined {
    return this.#maintenance;
  }

  /** The agent may have lost it: the next heartbeat registers. */
  doubt(): void {
    this.#mustRegister = true;
  }

  /**
   * Sends a heartbeat, and registers first where that is needed.
   *
   * @param health What it reports.
   * @param isInitial Whether only the initial status is registered.
   * @throws {PilotedError} why it was not accepted.
   */
  async beat(health: Health, isInitial: boolean): Promise<void> {
    await this.#setup.client.turn(() => this.#beat(health, isInitial));
  }

  async #beat(health: Health, isInitial: boolean): Promise<void> {
    this.#setup.signal.throwIfAborted();
    const way = await this.#setup.client.way(this.#options());
    const { server, token } = this.#way ?? {};
    if (this.#mustRegister || way.server !== server || way.token !== token) {
      await this.#register(way, health, isInitial);
    } else {
      await this.#report(health, way);
    }
    if (this.#former.size > 0) await this.#removeFormer();
  }

  /**
   * Enables or disables maintenance; with the registration where there is none yet.
   *
   * @param reason Why; `undefined` disables it.
   * @throws {PilotedError} why the agent did not do it.
   */
  async maintain(reason: string | undefined): Promise<void> {
    const { client, definition: { id } } = this.#setup;
    this.#maintenance = reason;
    if (this.#count === 0) return;
    const answer = await client.maintain(id, ownMaintenance(reason), this.#options());
    if (answer === "unknown") this.#mustRegister = true;
  }

  /** Deregisters: from every agent that may have it. */
  async remove(): Promise<void> {
    const { client, clock, background, definition: { id }, failed } = this.#setup;
    const times = this.route.isMisrouted ? SAMPLES : 1;
    const common = { clock, background, place: this.#place };
    const former = [...this.#former.values()].map(({ server }) => server);
    await Promise.all([
      removeService(client, id, { ...common, times, failed }),
      // What it was registered at before is usually gone.
      ...former.map((server) =>
        removeService(client, id, { ...common, server, times: 1, failed: () => {} })
      ),
    ]);
  }

  /**
   * Another agent is used from now on. Whether it knows the former one's registration is not known:
   * two addresses may lead to the same agent.
   */
  #leave({ server }: Way): void {
    this.#former.set(server.address, { server, node: this.route.nodes.at(-1) });
    this.route = new RouteMonitor();
  }

  /** Removes it from agents that were left, so that it is not found twice when they return. */
  async #removeFormer(): Promise<void> {
    const { client, definition: { id, heartbeat: { intervalMs } } } = this.#setup;
    const here = this.route.nodes.at(-1);
    for (const [address, { server, node }] of this.#former) {
      if (node === here || node === undefined || here === undefined) continue;
      const timeoutMs = Math.min(FORMER_MS, intervalMs / 4);
      try {
        await client.deregister(id, { place: this.#place, server, timeoutMs });
        this.#former.delete(address);
      } catch {
        // It is still away.
      }
    }
  }

  async #register(way: Way, health: Health, isInitial: boolean): Promise<void> {
    const { client, clock, definition, definition: { id }, signal } = this.#setup;
    const found = await client.maintenanceOf(id, this.#options()).catch(() => undefined);
    // Replacing the checks would end the maintenance that an operator has enabled.
    const isOperators = found !== undefined && !isOwnMaintenance(found);
    const replaceChecks = !isOperators && this.#maintenance === undefined;
    const body = serviceBody(definition, health.status);
    const before = this.#way;
    if (before !== undefined && before.server.address !== way.server.address) this.#leave(before);
    this.#former.delete(way.server.address);
    signal.throwIfAborted();
    // Also when the response is lost, the agent may have it.
    this.#isSent = true;
    this.#way = way;
    this.#mustRegister = true;
    await client.register(body, { ...this.#options(), replaceChecks });
    this.#count++;
    this.#setup.registered(clock.now());
    this.#mustRegister = false;
    this.route.registered(clock.now());
    this.listing.check();
    if (this.#maintenance !== undefined || found !== undefined && !isOperators) {
      await client.maintain(id, ownMaintenance(this.#maintenance), this.#options());
    }
    await this.#look(1);
    // The check of a service that was known keeps its old state, so it is reported as well.
    if (!isInitial) await this.#report(health, undefined);
  }

  /** With a way to the agent, registers where the agent does not know the check. */
  async #report(health: Health, way: Way | undefined): Promise<void> {
    const { client, clock, definition: { checkId, heartbeat }, secrets, signal } = this.#setup;
    const report = { Status: health.status, Output: checkOutput(health.output, secrets()) };
    const startedAt = clock.now();
    const answer = await client.report(checkId, report, this.#options());
    if (answer === "ok") {
      this.#setup.took(clock.now() - startedAt);
      this.route.accepted(way === undefined);
      if (this.route.isDue(clock.now())) await this.#look(1);
      return;
    }
    this.route.unknown(clock.now());
    await this.#look(SAMPLES);
    signal.throwIfAborted();
    const { isMisrouted } = this.route;
    // As long as some heartbeats arrive, another registration would only be another copy.
    const isAlive = clock.now() - (this.#setup.confirmedAt() ?? -Infinity) <= heartbeat.ttlMs;
    this.#mustRegister = !(isMisrouted && isAlive);
    if (isMisrouted || way === undefined) throw misroutedError(this.#setup, this.route);
    await this.#register(way, health, false);
  }

  async #look(times: number): Promise<void> {
    const { client, clock } = this.#setup;
    const nodes: (string | undefined)[] = [];
    for (let i = 0; i < times; i++) nodes.push(await client.node(this.#options()));
    this.route.saw(nodes, clock.now());
  }

  #options(): RequestOptions {
    const { definition: { heartbeat: { ttlMs, intervalMs } }, signal, late } = this.#setup;
    const timeoutMs = Math.min(intervalMs, ttlMs / 3);
    return { place: this.#place, timeoutMs, unless: signal, late, urgent: true };
  }
}
