/** A client over an embedded Consul, with something in between, on a manual clock. */
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import type { PilotedError } from "../../src/errors.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import { EmbeddedConsul, type EmbeddedConsulOptions, ManualClock } from "../../src/testing/mod.ts";
import type { ServiceStatus } from "../../src/watch/status.ts";
import { addressFor } from "./endpoints.ts";

/** What stands between the client and Consul. */
export type Between = (request: Request, next: () => Promise<Response>) => Promise<Response>;

export interface EmbeddedClient {
  readonly clock: ManualClock;
  readonly consul: EmbeddedConsul;
  readonly piloted: Piloted;
  readonly states: ServiceStatus[];
  readonly errors: PilotedError[];
  /** Replaces what stands between. */
  between(between: Between | undefined): void;
  /** Requests that the client has sent so far, also those that something in between answered. */
  readonly sent: readonly { readonly url: URL; readonly at: number }[];
  /** Lets time pass. */
  passes(ms: number, stepMs?: number): Promise<void>;
  /** Milliseconds of the clock until something holds, at most `limitMs`. */
  timeUntil(holds: () => boolean, limitMs?: number): Promise<number>;
}

export interface EmbeddedClientOptions extends PilotedOptions {
  readonly watches?: readonly Record<string, unknown>[];
  readonly consul?: EmbeddedConsulOptions;
  readonly token?: string;
  readonly start?: (
    it: { clock: ManualClock; consul: EmbeddedConsul; between(between: Between | undefined): void },
  ) => void;
}

const TURNS = 12;

/** Starts a client of `app`, or of the given watches, and runs the test. */
export async function withEmbedded(
  run: (it: EmbeddedClient) => Promise<void>,
  options: EmbeddedClientOptions = {},
): Promise<void> {
  const { watches = [{ name: "app" }], start, token, consul: settings, ...rest } = options;
  const clock = new ManualClock();
  await using consul = new EmbeddedConsul({ clock, random: () => 0.5, ...settings });
  let between: Between | undefined;
  const sent: { url: URL; at: number }[] = [];
  const fetch: Fetch = (input, init) => {
    const request = new Request(input, init);
    sent.push({ url: new URL(request.url), at: clock.now() });
    const next = () => consul.fetch(request);
    return between === undefined ? next() : between(request, next);
  };
  const setBetween = (given: Between | undefined) => {
    between = given;
  };
  start?.({ clock, consul, between: setBetween });
  const passes = async (ms: number, stepMs = 250) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await clock.advance(Math.min(stepMs, ms - passed));
      for (let turns = 0; turns < TURNS; turns++) await turn();
    }
  };
  await using piloted = await createPiloted({
    config: { consul: { address: "consul:8500", ...(token && { token }) }, watches } as never,
    fetch,
    clock,
    random: () => 0.5,
    signals: false,
    env: {},
    ...rest,
  }) as Piloted;
  const states: ServiceStatus[] = [];
  const errors: PilotedError[] = [];
  piloted.on("status", (status) => states.push(status));
  piloted.on("error", (error) => errors.push(error));
  await passes(1_000);
  await run({
    clock,
    consul,
    piloted,
    states,
    errors,
    between: setBetween,
    sent,
    passes,
    async timeUntil(holds, limitMs = 5_000) {
      const startedAt = clock.now();
      while (!holds() && clock.now() - startedAt < limitMs) await passes(50, 50);
      return clock.now() - startedAt;
    },
  });
}

// One turn of the event loop; an answer takes some, and no time.
function turn(): Promise<void> {
  const { setImmediate } = globalThis as unknown as {
    setImmediate?: (callback: () => void) => void;
  };
  return new Promise((resolve) => (setImmediate ?? setTimeout)(resolve));
}

/** Registers an instance on a port. */
export function register(consul: EmbeddedConsul, name: string, id: string, port = 80): void {
  consul.register({ name, id, address: addressFor(id), port });
}

/** The ids of a service, sorted. */
export function idsOf(piloted: Piloted, service = "app"): string {
  return piloted.serviceHosts(service).map(({ id }) => id).sort().join(" ");
}
