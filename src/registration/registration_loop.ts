/**
 * Keeps one registration alive.
 *
 * The problem: an agent that restarts without data, reaps a critical service, or gets another token
 * forgets a service, and a process that registered only once at its start is never found again. So
 * registering is a part of the heartbeat: a loop starts before the first registration, never gives
 * up, and registers whenever the agent does not know the check or may have lost it. It registers over
 * what is there and never removes first: a known check keeps its state.
 *
 * One request is in flight at a time. Stopping lets it end, because a request that was cut off may
 * still be carried out, and then deregisters; after that nothing is sent any more.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import type {
  CheckHealth,
  LateParty,
  MissedTtl,
  RegistrationState,
  RegistrationStatus,
} from "../registration_status.ts";
import type { AgentClient, Place, RequestOptions } from "./agent_client.ts";
import { checkOutput } from "./check_output.ts";
import { type Definition, serviceBody } from "./definition.ts";
import { type Health, HealthCheck } from "./health_check.ts";
import { HeartbeatSchedule } from "./heartbeat_schedule.ts";
import { LateLedger } from "./late_ledger.ts";
import { LatencyHistogram } from "./latency_histogram.ts";
import { CatalogListing } from "./catalog_listing.ts";
import { isOwnMaintenance, ownMaintenance } from "./maintenance.ts";
import { PASSING_OUTPUT } from "./options.ts";
import { removeService } from "./remove_service.ts";
import { isConnectionLost, lateParty, misroutedError, retryDelayMs } from "./retry.ts";
import { RouteMonitor } from "./route_monitor.ts";

/** What a loop is made with. */
export interface LoopSetup {
  /** What is registered. */
  readonly definition: Definition;
  /** The agent; shared by all registrations of a client. */
  readonly client: AgentClient;
  /** Time. */
  readonly clock: Clock;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Whether timers must not keep the process alive. */
  readonly background: boolean;
  /** Texts that must not be shown in outputs. */
  readonly secrets: () => readonly string[];
  /** Called when state or health change. */
  readonly changed: (status: RegistrationStatus) => void;
  /** Called with the first failure of each kind in a row, and when a TTL expired. */
  readonly failed: (error: PilotedError) => void;
}

// How often a check that must pass before the registration is run.
const AWAIT_MS = 1_000;
// How long stopping waits for the request in flight.
const IN_FLIGHT_MS = 1_000;
const SAMPLES = 3;

/** Keeps one registration alive. */
export class RegistrationLoop {
  readonly #setup: LoopSetup;
  readonly #place: Place;
  readonly #check: HealthCheck;
  readonly #schedule: HeartbeatSchedule;
  readonly #ledger = new LateLedger();
  readonly #latency = new LatencyHistogram();
  readonly #route = new RouteMonitor();
  readonly #stop = new AbortController();
  readonly #listing: CatalogListing;
  #ended: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #wake = () => {};
  #state: RegistrationState = "pending";
  #health: Health;
  /** Set by pass(), warn() and fail(): to be sent before the next heartbeat is due. */
  #isNews = false;
  /** Whether the check is run at once: after a registration with an initial status. */
  #isCheckDue = false;
  #mustRegister = true;
  /** Whether a request to register was sent, answered or not. */
  #isSent = false;
  /** How often it was registered. */
  #count = 0;
  /** The way to the agent that was registered at. */
  #identity: string | undefined;
  #maintenance: string | undefined;
  #confirmedAt: number | undefined;
  #failureCount = 0;
  #error: PilotedError | undefined;
  #retryAt = 0;
  #waitsFor: LateParty | undefined;
  #wasLate = false;
  #missed: MissedTtl | undefined;
  #missedCount = 0;

  /**
   * Creates a loop that has not started.
   *
   * @param setup What it needs.
   */
  constructor(setup: LoopSetup) {
    const { definition: { id, options, heartbeat }, client, clock, random, background } = setup;
    const { initialStatus, awaitPassing, namespace, partition, name } = options;
    this.#setup = setup;
    this.#place = { namespace, partition };
    this.#check = new HealthCheck(heartbeat, clock, background);
    this.#schedule = new HeartbeatSchedule(heartbeat.intervalMs, heartbeat.ttlMs, random);
    const status = initialStatus ?? (awaitPassing ? "critical" : "passing");
    const output = status === "passing" ? PASSING_OUTPUT : "not checked yet";
    this.#health = { status, output, failed: false };
    this.#listing = new CatalogListing({
      isListed: () => client.isListed(name, id, this.#options()),
      clock,
      background,
      intervalMs: heartbeat.intervalMs,
      signal: this.#stop.signal,
    });
  }

  /** Resolves when the catalog lists it, rejects when it is stopped before. */
  get ready(): Promise<void> {
    return this.#listing.ready;
  }

  /** Starts to register and to report, and goes on until it is stopped. */
  start(): void {
    this.#schedule.start(this.#setup.clock.now());
    this.#ended = this.#run();
  }

  /**
   * Changes the health that is reported, at once and until it changes again.
   *
   * @param status Status.
   * @param output Text for people.
   */
  report(status: CheckHealth, output: string): void {
    const { status: before, output: text } = this.#health;
    if (status === before && output === text) return;
    this.#health = { status, output, failed: false };
    this.#isNews = true;
    if (status !== before) this.#changed();
    // While the agent is away, its backoff decides.
    if (this.#failureCount === 0) this.#wake();
  }

  /**
   * Enables or disables maintenance. It is enabled again when the agent has lost the service.
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

  /** How it stands. */
  status(): RegistrationStatus {
    const { id, address, options: { name, port } } = this.#setup.definition;
    const { status, output } = this.#health;
    return {
      service: name,
      id,
      address,
      port,
      state: this.#state,
      health: status,
      output: checkOutput(output, this.#setup.secrets()),
      maintenance: this.#maintenance,
      listed: this.#listing.isListed,
      node: this.#route.nodes.at(-1),
      confirmedAt: this.#confirmedAt,
      reregistrationCount: Math.max(0, this.#count - 1),
      failureCount: this.#failureCount,
      reason: this.#reason(),
      error: this.#error,
      missedTtl: this.#missed,
      missedTtlCount: this.#missedCount,
      latency: this.#latency.snapshot(),
    };
  }

  /**
   * Stops and deregisters. Idempotent; never rejects.
   *
   * @param superseded Whether another registration of this process has taken over its id.
   * @returns Whether it had been registered.
   */
  async stop(superseded: () => boolean): Promise<boolean> {
    await (this.#stopped ??= this.#shutDown(superseded));
    return this.#count > 0;
  }

  /** Called by the handle when all is over. */
  closed(): void {
    this.#enter("closed");
  }

  async #shutDown(superseded: () => boolean): Promise<void> {
    const { clock, background } = this.#setup;
    this.#stop.abort(
      new PilotedError("CLOSED", "Cannot use this registration: it was deregistered", {
        service: this.#setup.definition.options.name,
      }),
    );
    this.#check.stop();
    this.#enter("stopping");
    this.#wake();
    let isOver = false;
    const ended = this.#ended.then(() => {
      isOver = true;
    });
    let timer = { cancel: () => {} };
    const timeUp = new Promise<void>((resolve) => {
      timer = clock.start(resolve, IN_FLIGHT_MS, background);
    });
    await Promise.race([ended, timeUp]);
    timer.cancel();
    if (superseded() || !this.#isSent) return;
    await this.#remove();
    // A request that is still in flight may register it after all.
    if (!isOver) void ended.then(() => this.#remove());
  }

  async #remove(): Promise<void> {
    const { client, clock, background, definition: { id }, failed } = this.#setup;
    const times = this.#route.isMisrouted ? SAMPLES : 1;
    const place = this.#place;
    await removeService(client, id, { clock, background, place, times, failed });
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#beat();
      if (!this.#stop.signal.aborted) await this.#pause();
    }
  }

  async #beat(): Promise<void> {
    const { clock, definition: { options, heartbeat } } = this.#setup;
    const isFirst = this.#count === 0;
    const isInitial = isFirst && options.initialStatus !== undefined;
    if (heartbeat.run !== undefined && !this.#isNews && !isInitial) {
      const startedAt = clock.now();
      const before = this.#health;
      const health = await this.#check.run(before);
      this.#ledger.add("check", clock.now() - startedAt);
      if (this.#stop.signal.aborted) return;
      // What pass(), warn() or fail() said meanwhile is newer.
      if (this.#health === before) this.#health = health;
      if (this.#health.status !== before.status) this.#changed();
    }
    this.#isNews = false;
    if (this.#health.failed && !heartbeat.reportFailures && !isInitial) {
      this.#ledger.add("check", heartbeat.intervalMs);
      return this.#schedule.advance(clock.now());
    }
    if (isFirst && options.awaitPassing && !isInitial && this.#health.status !== "passing") return;
    await this.#send(isInitial);
    this.#isCheckDue = isInitial && this.#count > 0 && heartbeat.run !== undefined;
  }

  async #send(isInitial: boolean): Promise<void> {
    const { clock, client } = this.#setup;
    const startedAt = clock.now();
    const countBefore = this.#count;
    this.#wasLate = false;
    try {
      const identity = await client.identity();
      if (this.#mustRegister || identity !== this.#identity) {
        await this.#register(identity, isInitial);
      } else {
        await this.#reportHealth(identity);
      }
      this.#succeeded(startedAt, countBefore);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed(error, startedAt);
    }
  }

  async #register(identity: string, isInitial: boolean): Promise<void> {
    const { client, clock, definition, definition: { id } } = this.#setup;
    const found = await client.maintenanceOf(id, this.#options()).catch(() => undefined);
    // Replacing the checks would end the maintenance that an operator has enabled.
    const isOperators = found !== undefined && !isOwnMaintenance(found);
    const replaceChecks = !isOperators && this.#maintenance === undefined;
    const body = serviceBody(definition, this.#health.status);
    const options = this.#options();
    options.unless?.throwIfAborted();
    this.#isSent = true;
    await client.register(body, { ...options, replaceChecks });
    this.#count++;
    this.#identity = identity;
    this.#mustRegister = false;
    this.#route.registered(clock.now());
    this.#listing.check();
    if (this.#maintenance !== undefined || found !== undefined && !isOperators) {
      await client.maintain(id, ownMaintenance(this.#maintenance), this.#options());
    }
    await this.#look(1);
    // The check of a service that was known keeps its old state, so it is reported as well.
    if (!isInitial) await this.#reportHealth(undefined);
  }

  /** With the way to the agent, registers where the agent does not know the check. */
  async #reportHealth(identity: string | undefined): Promise<void> {
    const { client, clock, definition: { checkId, heartbeat } } = this.#setup;
    const { status, output } = this.#health;
    const report = { Status: status, Output: checkOutput(output, this.#setup.secrets()) };
    const startedAt = clock.now();
    const answer = await client.report(checkId, report, this.#options());
    if (answer === "ok") {
      if (!this.#wasLate) this.#latency.add(clock.now() - startedAt);
      this.#route.accepted(identity === undefined);
      if (this.#route.isDue(clock.now())) await this.#look(1);
      return;
    }
    this.#route.unknown(clock.now());
    await this.#look(SAMPLES);
    this.#stop.signal.throwIfAborted();
    const { isMisrouted } = this.#route;
    // As long as some heartbeats arrive, another registration would only be another copy.
    const isAlive = clock.now() - (this.#confirmedAt ?? -Infinity) <= heartbeat.ttlMs;
    this.#mustRegister = !(isMisrouted && isAlive);
    if (isMisrouted || identity === undefined) throw misroutedError(this.#setup, this.#route);
    await this.#register(identity, false);
  }

  async #look(times: number): Promise<void> {
    const { client, clock } = this.#setup;
    const nodes: (string | undefined)[] = [];
    for (let i = 0; i < times; i++) nodes.push(await client.node(this.#options()));
    this.#route.saw(nodes, clock.now());
  }

  #succeeded(startedAt: number, countBefore: number): void {
    const { clock, definition: { heartbeat, options: { name } }, failed } = this.#setup;
    const now = clock.now();
    this.#ledger.add(this.#wasLate ? "event-loop" : "agent", now - startedAt);
    const missed = this.#ledger.accepted(now, heartbeat.ttlMs);
    this.#confirmedAt = now;
    this.#failureCount = 0;
    this.#error = undefined;
    this.#waitsFor = undefined;
    if (this.#count > countBefore) this.#schedule.start(now);
    else this.#schedule.advance(now);
    this.#enter(this.#route.isMisrouted ? "misrouted" : "registered");
    if (missed === undefined) return;
    this.#missed = missed;
    this.#missedCount++;
    const message = `Cannot keep service ${JSON.stringify(name)} passing: ${missed.reason}`;
    failed(new PilotedError("TIMEOUT", message, { service: name }));
  }

  #failed(cause: unknown, startedAt: number): void {
    const { clock, random, definition: { heartbeat, options: { name } }, failed } = this.#setup;
    const now = clock.now();
    const error = cause instanceof PilotedError ? cause : new PilotedError(
      "REGISTRY_UNREACHABLE",
      `Cannot register service ${JSON.stringify(name)}: ${String(cause)}`,
      { cause, service: name },
    );
    const isNew = this.#error?.code !== error.code;
    this.#failureCount++;
    this.#error = error;
    this.#mustRegister ||= isConnectionLost(error);
    this.#waitsFor = this.#wasLate ? "event-loop" : lateParty(error);
    this.#ledger.add(this.#waitsFor, now - startedAt);
    const delayMs = retryDelayMs(error, this.#failureCount, heartbeat.intervalMs, random);
    this.#retryAt = Math.max(startedAt + delayMs, now + Math.min(100, delayMs));
    const lost = this.#count > 0 ? "lost" : "pending";
    const state = error.code === "REGISTRY_DENIED" ? "denied" : lost;
    this.#enter(this.#route.isMisrouted ? "misrouted" : state);
    if (isNew) failed(error);
  }

  async #pause(): Promise<void> {
    const { clock, background, definition: { heartbeat } } = this.#setup;
    if ((this.#isNews || this.#isCheckDue) && this.#failureCount === 0) return;
    const startedAt = clock.now();
    const dueAt = this.#failureCount > 0
      ? this.#retryAt
      : this.#count === 0
      ? startedAt + Math.min(AWAIT_MS, heartbeat.intervalMs)
      : this.#schedule.dueAt;
    await new Promise<void>((resolve) => {
      const timer = clock.start(
        () => {
          if (this.#waitsFor) this.#ledger.add(this.#waitsFor, dueAt - startedAt);
          this.#ledger.add("event-loop", Math.max(0, clock.now() - dueAt));
          resolve();
        },
        Math.max(0, dueAt - startedAt),
        background,
      );
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = () => {};
  }

  #options(): RequestOptions {
    const { ttlMs, intervalMs } = this.#setup.definition.heartbeat;
    return {
      place: this.#place,
      timeoutMs: Math.min(intervalMs, ttlMs / 3),
      unless: this.#stop.signal,
      late: () => {
        this.#wasLate = true;
      },
    };
  }

  #reason(): string | undefined {
    if (this.#state === "registered") return undefined;
    if (this.#error !== undefined) return this.#error.message;
    const { awaitPassing } = this.#setup.definition.options;
    if (this.#state !== "pending") return undefined;
    return awaitPassing ? `waits for the first passing check: ${this.#health.output}` : undefined;
  }

  #enter(state: RegistrationState): void {
    if (this.#state === state || this.#state === "closed") return;
    // A request that ends while it is being stopped changes nothing any more.
    if (this.#state === "stopping" && state !== "closed") return;
    this.#state = state;
    this.#changed();
  }

  #changed(): void {
    this.#setup.changed(this.status());
  }
}
