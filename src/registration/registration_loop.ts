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
import type { CheckHealth, RegistrationState, RegistrationStatus } from "../registration_status.ts";
import type { AgentClient } from "./agent_client.ts";
import { AgentRegistration } from "./agent_registration.ts";
import { checkOutput } from "./check_output.ts";
import type { Definition } from "./definition.ts";
import { type Health, HealthCheck } from "./health_check.ts";
import { HeartbeatRecord } from "./heartbeat_record.ts";
import { HeartbeatSchedule } from "./heartbeat_schedule.ts";
import { PASSING_OUTPUT } from "./options.ts";
import { isConnectionLost } from "./retry.ts";

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
/** Keeps one registration alive. */
export class RegistrationLoop {
  readonly #setup: LoopSetup;
  readonly #check: HealthCheck;
  readonly #schedule: HeartbeatSchedule;
  readonly #record: HeartbeatRecord;
  readonly #stop = new AbortController();
  readonly #agent: AgentRegistration;
  #ended: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  #wake = () => {};
  #state: RegistrationState = "pending";
  #health: Health;
  /** Set by pass(), warn() and fail(): to be sent before the next heartbeat is due. */
  #isNews = false;
  /** Whether the check is run at once: after a registration with an initial status. */
  #isCheckDue = false;

  /**
   * Creates a loop that has not started.
   *
   * @param setup What it needs.
   */
  constructor(setup: LoopSetup) {
    const { definition: { options, heartbeat }, clock, random, background } = setup;
    const { initialStatus, awaitPassing, name } = options;
    this.#setup = setup;
    this.#record = new HeartbeatRecord(name, heartbeat, random);
    this.#check = new HealthCheck(heartbeat, clock, background);
    this.#schedule = new HeartbeatSchedule(heartbeat.intervalMs, heartbeat.ttlMs, random);
    const status = initialStatus ?? (awaitPassing ? "critical" : "passing");
    const output = status === "passing" ? PASSING_OUTPUT : "not checked yet";
    this.#health = { status, output, failed: false };
    this.#agent = new AgentRegistration({
      ...setup,
      signal: this.#stop.signal,
      registered: (now) => this.#record.registered(now),
      took: (ms) => this.#record.took(ms),
      late: () => this.#record.noticeLate(),
      confirmedAt: () => this.#record.confirmedAt,
    });
  }

  /** Resolves when the catalog lists it, rejects when it is stopped before. */
  get ready(): Promise<void> {
    return this.#agent.listing.ready;
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
    if (!this.#record.isFailing) this.#wake();
  }

  /**
   * Enables or disables maintenance. It is enabled again when the agent has lost the service.
   *
   * @param reason Why; `undefined` disables it.
   * @throws {PilotedError} why the agent did not do it.
   */
  async maintain(reason: string | undefined): Promise<void> {
    await this.#agent.maintain(reason);
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
      maintenance: this.#agent.maintenance,
      listed: this.#agent.listing.isListed,
      node: this.#agent.route.nodes.at(-1),
      reregistrationCount: Math.max(0, this.#agent.count - 1),
      reason: this.#reason(),
      ...this.#record.status(),
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
    return this.#agent.count > 0;
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
    if (superseded() || !this.#agent.isSent) return;
    await this.#agent.remove();
    // A request that is still in flight may register it after all.
    if (!isOver) void ended.then(() => this.#agent.remove());
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#beat();
      if (!this.#stop.signal.aborted) await this.#pause();
    }
  }

  async #beat(): Promise<void> {
    const { clock, definition: { options, heartbeat } } = this.#setup;
    const isFirst = this.#agent.count === 0;
    const isInitial = isFirst && options.initialStatus !== undefined;
    // Also when this check fails and nothing is sent: the next one is due in an interval.
    this.#isCheckDue = false;
    if (heartbeat.run !== undefined && !this.#isNews && !isInitial) {
      const startedAt = clock.now();
      const before = this.#health;
      const health = await this.#check.run(before);
      this.#record.spent("check", clock.now() - startedAt);
      if (this.#stop.signal.aborted) return;
      // What pass(), warn() or fail() said meanwhile is newer.
      if (this.#health === before) this.#health = health;
      if (this.#health.status !== before.status) this.#changed();
    }
    this.#isNews = false;
    if (this.#health.failed && !heartbeat.reportFailures && !isInitial) {
      this.#record.spent("check", heartbeat.intervalMs);
      return this.#schedule.advance(clock.now());
    }
    if (isFirst && options.awaitPassing && !isInitial && this.#health.status !== "passing") return;
    await this.#send(isInitial);
    this.#isCheckDue = isInitial && this.#agent.count > 0 && heartbeat.run !== undefined;
  }

  async #send(isInitial: boolean): Promise<void> {
    const { clock } = this.#setup;
    const startedAt = clock.now();
    const countBefore = this.#agent.count;
    this.#record.begin();
    try {
      await this.#agent.beat(this.#health, isInitial);
      this.#succeeded(startedAt, countBefore);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed(error, startedAt);
    }
  }

  #succeeded(startedAt: number, countBefore: number): void {
    const now = this.#setup.clock.now();
    const missed = this.#record.succeeded(startedAt, now);
    if (this.#agent.count > countBefore) this.#schedule.start(now);
    else this.#schedule.advance(now);
    this.#enter(this.#agent.route.isMisrouted ? "misrouted" : "registered");
    if (missed !== undefined) this.#setup.failed(missed);
  }

  #failed(cause: unknown, startedAt: number): void {
    const { clock, failed } = this.#setup;
    const { error, isNew } = this.#record.failed(cause, startedAt, clock.now());
    if (isConnectionLost(error)) this.#agent.doubt();
    const lost = this.#agent.count > 0 ? "lost" : "pending";
    const state = error.code === "REGISTRY_DENIED" ? "denied" : lost;
    this.#enter(this.#agent.route.isMisrouted ? "misrouted" : state);
    if (isNew) failed(error);
  }

  async #pause(): Promise<void> {
    const { clock, background, definition: { heartbeat } } = this.#setup;
    if ((this.#isNews || this.#isCheckDue) && !this.#record.isFailing) return;
    const startedAt = clock.now();
    const dueAt = this.#record.isFailing
      ? this.#record.retryAt
      : this.#agent.count === 0
      ? startedAt + Math.min(AWAIT_MS, heartbeat.intervalMs)
      : this.#schedule.dueAt;
    await new Promise<void>((resolve) => {
      const timer = clock.start(
        () => {
          this.#record.waited(startedAt, dueAt, clock.now());
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

  #reason(): string | undefined {
    if (this.#state === "registered") return undefined;
    const { error } = this.#record;
    if (error !== undefined) return error.message;
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
