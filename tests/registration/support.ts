/** One registration on a manual clock with an embedded Consul, and everything that it reports. */
import type { PilotedError } from "../../src/errors.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import {
  createRegistration,
  type CreateRegistrationOptions,
} from "../../src/registration/create_registration.ts";
import type { Registration } from "../../src/registration/registration.ts";
import type { RegistrationStatus } from "../../src/registration_status.ts";
import type { EmbeddedConsulOptions } from "../../src/testing/embedded_consul_options.ts";
import { EmbeddedConsul } from "../../src/testing/embedded_consul.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";

/** A request that reached the agent. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly token: string | null;
  readonly at: number;
}

/** A check as the agent lists it. */
export interface ListedCheck {
  readonly CheckID: string;
  readonly Status: string;
  readonly Output: string;
  readonly Notes: string;
  readonly ServiceID: string;
  readonly Name: string;
}

/** An agent that can go away, come back empty, and be replaced. */
export class Agent {
  readonly clock: ManualClock;
  readonly sent: Sent[] = [];
  readonly options: EmbeddedConsulOptions;
  consul: EmbeddedConsul;
  /** What a request meets before it reaches the agent. */
  before: ((request: Request) => Promise<Response | undefined>) | undefined;

  constructor(options: EmbeddedConsulOptions = {}) {
    this.clock = new ManualClock();
    this.options = { clock: this.clock, random: () => 0.5, ...options };
    this.consul = new EmbeddedConsul(this.options);
  }

  readonly fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    this.sent.push({
      method: request.method,
      path: pathname,
      query: search,
      body: init?.body === undefined ? "" : String(init.body),
      token: request.headers.get("x-consul-token"),
      at: this.clock.now(),
    });
    const refused = await this.before?.(request);
    if (refused !== undefined) return refused;
    return await this.consul.fetch(input, init);
  };

  /** Refuses every connection. */
  goAway(): void {
    this.before = () => Promise.reject(refusal());
  }

  /** Accepts requests again. */
  comeBack(): void {
    this.before = undefined;
  }

  /** Forgets everything, as an agent that restarts without data. */
  async empty(): Promise<void> {
    await this.consul.close();
    this.consul = new EmbeddedConsul(this.options);
  }

  /** Reads JSON from the agent, beside the registration. */
  async get<T>(path: string): Promise<T> {
    const response = await this.consul.fetch(`http://consul${path}`);
    return await response.json() as T;
  }

  /** Sends a PUT to the agent, beside the registration. */
  async put(path: string): Promise<void> {
    const response = await this.consul.fetch(`http://consul${path}`, { method: "PUT" });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
  }

  /** Checks of an instance, by id. */
  async checks(): Promise<Record<string, ListedCheck>> {
    return await this.get<Record<string, ListedCheck>>("/v1/agent/checks");
  }

  /** Ids of the instances. */
  async ids(): Promise<string[]> {
    return Object.keys(await this.get<Record<string, unknown>>("/v1/agent/services"));
  }

  /** Requests of a kind. */
  to(path: string): Sent[] {
    return this.sent.filter((sent) => sent.path.startsWith(path));
  }
}

export const REGISTER = "/v1/agent/service/register";
export const UPDATE = "/v1/agent/check/update/";
export const DEREGISTER = "/v1/agent/service/deregister/";

/** What a runtime's fetch throws when nobody listens. */
export function refusal(): TypeError {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  return new TypeError("fetch failed", { cause });
}

/** One registration with what it reported. */
export interface Registered {
  readonly agent: Agent;
  readonly clock: ManualClock;
  readonly registration: Registration;
  readonly statuses: RegistrationStatus[];
  readonly errors: PilotedError[];
}

/** Registers `app`, runs the test, closes, and checks that no timer is left. */
export async function registering(
  test: (it: Registered) => Promise<void>,
  options: Partial<CreateRegistrationOptions> = {},
  agent: Agent = new Agent(),
): Promise<void> {
  const statuses: RegistrationStatus[] = [];
  const errors: PilotedError[] = [];
  const { clock } = agent;
  const registration = await createRegistration({
    name: "app",
    port: 8080,
    id: "app-1",
    config: { consul: "127.0.0.1:8500" },
    env: {},
    fetch: agent.fetch,
    clock,
    random: () => 0.5,
    drainMs: 0,
    check: { ttlMs: 30_000, intervalMs: 10_000 },
    onStatus: (status) => statuses.push(status),
    onError: (error) => errors.push(error),
    ...options,
  });
  try {
    await clock.advance(0);
    await test({ agent, clock, registration, statuses, errors });
  } finally {
    const closed = registration.close();
    await clock.advance(20_000);
    await closed;
    await agent.consul.close();
  }
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
}
