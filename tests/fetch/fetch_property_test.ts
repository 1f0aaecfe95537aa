import type { Fetch } from "../../src/platform_fetch.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../bench/balance/seeded_random.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError } from "../../src/errors.ts";
import { balancedFetch } from "../../src/fetch/balanced_fetch.ts";
import { type FetchOptions, resolveFetchOptions } from "../../src/fetch/fetch_options.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { seed } from "../balance/support.ts";
import { test } from "../support/test.ts";
import { answer, backends, PoolSource, refused, reset } from "./support.ts";

const ALL = backends("a", "b", "c", "d", "e");

type End = "answer" | "refuse" | "limit" | "connect_failed" | "reset" | "wrong" | "never";

type Step =
  | { do: "call"; method: string; ends: End[]; durationMs: number }
  | { do: "abort"; which: number }
  | { do: "update"; listed: Endpoint[] }
  | { do: "wait"; ms: number };

const end = fc.constantFrom<End>(
  "answer",
  "refuse",
  "limit",
  "connect_failed",
  "reset",
  "wrong",
  "never",
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      method: fc.constantFrom("GET", "POST", "PUT"),
      ends: fc.array(end, { minLength: 1, maxLength: 4 }),
      durationMs: fc.nat(300),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("abort" as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("update" as const), listed: fc.subarray(ALL) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(400) }) },
);

/** One world in which calls, aborts, refreshes and time come in any order. */
class Chaos {
  readonly clock = new ManualClock();
  readonly source = new PoolSource({
    clock: this.clock,
    random: seededRandom(seed),
    outliers: { consecutiveFailures: 2, baseEjectionMs: 500 },
  });
  readonly fetch: Fetch;
  readonly callers: AbortController[] = [];
  readonly answers: Promise<unknown>[] = [];
  listed: Endpoint[] = ALL;
  underWay = 0;

  constructor(options: FetchOptions) {
    this.source.update(ALL);
    const resolved = resolveFetchOptions({
      clock: this.clock,
      random: seededRandom(seed),
      fetch: (url, init) => this.#receive(String(url), init!),
      ...options,
    });
    this.fetch = balancedFetch(this.source, resolved);
  }

  call({ method, ends, durationMs }: Step & { do: "call" }): void {
    const controller = new AbortController();
    this.callers.push(controller);
    const headers = { ends: ends.join(), durationms: String(durationMs) };
    this.#script.set(headers, [...ends]);
    const { signal } = controller;
    const init = { method, headers, signal };
    this.answers.push(
      this.fetch("http://app/", init).then(
        (response) => response.status,
        (error: unknown) => {
          const known = error instanceof PilotedError || error instanceof TypeError;
          assert(known || error === signal.reason, String(error));
        },
      ),
    );
  }

  readonly #script = new Map<unknown, End[]>();

  #receive(url: string, { headers, signal }: RequestInit): Promise<Response> {
    const { host } = new URL(url);
    const { panic, endpoints } = this.source.pool.status();
    const load = endpoints.find(({ endpoint }) => endpoint.address === host)!;
    assert(this.listed.includes(load.endpoint), `${host} is absent`);
    // A probe moves the end of the ejection.
    const isProbe = load.ejectedUntil === this.clock.now() + 500;
    assert(
      panic || load.ejectedUntil === undefined || isProbe,
      `${host} is ejected: ${load.pendingCount}`,
    );
    const script = this.#script.get(headers)!;
    const end = script.length > 1 ? script.shift()! : script[0]!;
    const { durationms } = headers as Record<string, string>;
    this.underWay++;
    return new Promise<Response>((resolve, reject) => {
      let finished = false;
      const finish = (run: () => Response) => {
        if (finished) return;
        finished = true;
        timer?.cancel();
        this.underWay--;
        Promise.resolve().then(run).then(resolve, reject);
      };
      const timer = end === "never"
        ? undefined
        : this.clock.start(() => finish(() => perform(end)), Number(durationms));
      if (signal!.aborted) return finish(() => abort(signal!));
      signal!.addEventListener("abort", () => finish(() => abort(signal!)), { once: true });
    });
  }
}

function abort(signal: AbortSignal): never {
  throw signal.reason;
}

function perform(end: End): Response {
  if (end === "answer") return answer(200);
  if (end === "refuse") return answer(503);
  if (end === "limit") return answer(429, { "retry-after": "1" });
  if (end === "connect_failed") return refused();
  if (end === "reset") return reset();
  throw new TypeError("Invalid header");
}

for (
  const [name, options] of [
    ["", {}],
    [" and deadlines", { timeoutMs: 1_000, attemptTimeoutMs: 200 }],
    [" and hedges", { hedge: { percentile: 50, percent: 100 }, timeoutMs: 2_000 }],
  ] as const
) {
  test(`createFetch()${name} holds one lease per attempt under way, and none in the end, in any order of events`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const chaos = new Chaos(options);
        // A hedge needs to know how long requests take.
        for (let i = 0; i < 60; i++) {
          chaos.call({ do: "call", method: "GET", ends: ["answer"], durationMs: i });
        }
        await chaos.clock.advance(60);
        for (const step of steps) {
          if (step.do === "call") chaos.call(step);
          if (step.do === "abort" && chaos.callers.length > 0) {
            chaos.callers[step.which % chaos.callers.length]!.abort(new Error("enough"));
          }
          if (step.do === "update") chaos.source.update(chaos.listed = step.listed);
          await chaos.clock.advance(step.do === "wait" ? step.ms : 0);
          const { pendingCount, endpoints } = chaos.source.pool.status();
          assertEquals(pendingCount, chaos.underWay);
          assertEquals(endpoints.reduce((sum, one) => sum + one.pendingCount, 0), pendingCount);
          assert(endpoints.every((one) => one.pendingCount >= 0));
        }
        for (const caller of chaos.callers) caller.abort(new Error("the end"));
        await chaos.clock.advance(0);
        await Promise.all(chaos.answers);
        chaos.source.closing.abort(new Error("closed"));
        assertEquals([chaos.source.pool.pendingCount, chaos.underWay, chaos.clock.pending], [
          0,
          0,
          0,
        ]);
      }),
      { seed, numRuns: 150 },
    );
  });
}
