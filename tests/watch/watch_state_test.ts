import { assert, assertEquals } from "@std/assert";
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError, type PilotedErrorCode } from "../../src/errors.ts";
import type { Reading } from "../../src/source/source.ts";
import type { WatchStateOptions } from "../../src/watch/state_update.ts";
import { WatchState } from "../../src/watch/watch_state.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";

const a = endpoint("a");
const b = endpoint("b");
const sick = endpoint("sick", { status: "critical" });
const ten = Array.from({ length: 10 }, (_, i) => endpoint(`t${i}`));

type Step =
  | {
    give: readonly Endpoint[];
    leader?: true;
    position?: string;
    skipped?: number;
    hidden?: true;
    deniedByDefault?: true;
  }
  | { limit: "rate" | "connections" }
  | { fail: PilotedErrorCode }
  | { restore: readonly Endpoint[] }
  | { close: true };

function state(options: Partial<WatchStateOptions> = {}, tag?: string): WatchState {
  return new WatchState(
    { service: "app", tag },
    { health: "warning", emptyPolicy: "confirm", ...options },
  );
}

function failure(code: PilotedErrorCode): PilotedError {
  return new PilotedError(code, `Cannot read: ${code}`);
}

function limited(limit: "rate" | "connections"): PilotedError {
  return new PilotedError("REGISTRY_RESPONSE", "Cannot read: received 429", { status: 429, limit });
}

function reading(step: Extract<Step, { give: unknown }>): Reading {
  const { give, position = "5", skipped = 0, hidden, deniedByDefault } = step;
  const errors = Array.from(
    { length: skipped },
    (_, i) => new PilotedError("ENDPOINT_INVALID", `Cannot use entry ${i}: no port`),
  );
  return {
    endpoints: give,
    position,
    skipped: errors,
    skippedCount: skipped,
    freshness: {},
    hidden,
    deniedByDefault,
  };
}

function run(it: WatchState, step: Step, now: number) {
  if ("give" in step) return it.apply(reading(step), step.leader ?? false, now);
  if ("limit" in step) return it.fail(limited(step.limit), now);
  if ("fail" in step) return it.fail(failure(step.fail), now);
  if ("restore" in step) return it.restore({ endpoints: step.restore, confirmedAt: now });
  return it.close();
}

// What happened, the state after each step, and the ids in use at the end.
const ROWS: readonly [string, readonly Step[], readonly string[], readonly string[]][] = [
  ["a first list", [{ give: [a] }], ["live"], ["a"]],
  ["an empty first list", [{ give: [] }], ["live"], []],
  ["a failure before any list", [{ fail: "TIMEOUT" }], ["pending"], []],
  ["a refused token before any list", [{ fail: "REGISTRY_DENIED" }], ["denied"], []],
  ["a failure after a list", [{ give: [a] }, { fail: "TIMEOUT" }], ["live", "stale"], ["a"]],
  [
    "a token that was revoked",
    [{ give: [a] }, { fail: "REGISTRY_DENIED" }, { give: [a] }],
    ["live", "denied", "live"],
    ["a"],
  ],
  [
    "a restored list, which stays through failures until the registry responds",
    [{ fail: "TIMEOUT" }, { restore: [a, b] }, { fail: "REGISTRY_DENIED" }, { give: [b] }],
    ["pending", "restored", "restored", "live"],
    ["b"],
  ],
  [
    "an empty list that the leader confirms twice",
    [{ give: [a] }, { give: [] }, { give: [], leader: true }, { give: [], leader: true }],
    ["live", "unconfirmed", "unconfirmed", "live"],
    [],
  ],
  [
    "an empty list that only followers repeat",
    [{ give: [a] }, { give: [] }, { give: [] }, { give: [] }],
    ["live", "unconfirmed", "unconfirmed", "unconfirmed"],
    ["a"],
  ],
  [
    "an empty list that the leader contradicts",
    [{ give: [a] }, { give: [] }, { give: [a], leader: true }, { give: [] }],
    ["live", "unconfirmed", "live", "unconfirmed"],
    ["a"],
  ],
  ["half of ten", [{ give: ten }, { give: ten.slice(5) }], ["live", "live"], [
    "t5",
    "t6",
    "t7",
    "t8",
    "t9",
  ]],
  [
    "four of ten",
    [{ give: ten }, { give: ten.slice(6) }],
    ["live", "unconfirmed"],
    ten.map(({ id }) => id),
  ],
  ["one of nine", [{ give: ten.slice(1) }, { give: [ten[9]!] }], ["live", "live"], ["t9"]],
  ["every instance critical", [{ give: [a] }, { give: [sick] }], ["live", "live"], []],
  [
    "entries that cannot be decoded still count as listed",
    [{ give: ten }, { give: [a], skipped: 9 }],
    ["live", "live"],
    ["a"],
  ],
  [
    "an empty list because the token may not see any",
    [{ give: [a] }, { give: [], hidden: true }, { give: [], hidden: true, leader: true }],
    ["live", "denied", "denied"],
    ["a"],
  ],
  [
    "a shorter list because the token may not see all",
    [{ give: [a, b] }, { give: [a], hidden: true }],
    ["live", "denied"],
    ["a", "b"],
  ],
  [
    "a list as long as before of a token that may not see all",
    [{ give: [a] }, { give: [b], hidden: true }, { give: [a, b], hidden: true }],
    ["live", "live", "live"],
    ["b", "a"],
  ],
  [
    "a list that becomes shorter of a token that has never seen all",
    [{ give: [a, b], hidden: true }, { give: [a], hidden: true }, { give: [], hidden: true }],
    ["live", "live", "denied"],
    ["a"],
  ],
  ["a list that is hidden from the start", [{ give: [], hidden: true }], ["denied"], []],
  [
    "a restored list that the token may not see any longer",
    [{ fail: "TIMEOUT" }, { restore: [a, b] }, { give: [a], hidden: true }],
    ["pending", "restored", "restored"],
    ["a", "b"],
  ],
  [
    "entries of which none can be decoded",
    [{ give: [a] }, { give: [], skipped: 3 }, { give: [], skipped: 3, leader: true }, {
      give: [b],
    }],
    ["live", "stale", "stale", "live"],
    ["b"],
  ],
  ["a first list of which no entry can be decoded", [{ give: [], skipped: 3 }], ["stale"], []],
  ["a limit", [{ give: [a] }, { limit: "rate" }, { give: [b] }], ["live", "stale", "live"], ["b"]],
  ["a close", [{ give: [a] }, { close: true }], ["live", "closed"], ["a"]],
];

for (const [what, steps, states, ids] of ROWS) {
  test(`WatchState with ${what} is ${states.at(-1)}`, () => {
    const it = state();
    const seen = steps.map((step, i) => {
      run(it, step, 1_000 + i);
      return it.status(2_000).state;
    });
    assertEquals(seen, states);
    assertEquals(it.endpoints.map(({ id }) => id), ids);
  });
}

test("WatchState.fail() forgets the position and keeps the known one for comparison", () => {
  const it = state();
  run(it, { give: [a], position: "7" }, 1_000);
  assertEquals([it.position, it.knownPosition], ["7", "7"]);
  run(it, { fail: "TIMEOUT" }, 2_000);
  assertEquals([it.position, it.knownPosition, it.failingSince], [undefined, "7", 2_000]);
  run(it, { fail: "TIMEOUT" }, 3_000);
  assertEquals([it.failureCount, it.failingSince], [2, 2_000]);
  run(it, { give: [a], position: "3" }, 4_000);
  assertEquals([it.position, it.failureCount, it.failingSince], ["3", 0, undefined]);
});

test("WatchState.fail() with a limit keeps the position, and counts as no time without a registry", () => {
  for (const limit of ["rate", "connections"] as const) {
    const it = state();
    run(it, { give: [a], position: "7" }, 1_000);
    run(it, { limit }, 2_000);
    assertEquals([it.position, it.failureCount, it.failingSince], ["7", 1, undefined]);
    run(it, { fail: "TIMEOUT" }, 3_000);
    assertEquals([it.position, it.failingSince], [undefined, 3_000]);
    // It is there again.
    run(it, { limit }, 4_000);
    assertEquals(it.failingSince, undefined);
  }
});

test("WatchState.apply() refuses a list once in an event, and every time in its result", () => {
  const it = state();
  run(it, { give: [a, b], position: "7" }, 1_000);
  const first = it.apply(reading({ give: [], position: "8", skipped: 3 }), false, 2_000);
  assertEquals([first.accepted, first.errors.length, first.errors[0]], [false, 1, first.refusal]);
  assertEquals(it.position, "8");
  const second = it.apply(reading({ give: [], position: "9", skipped: 3 }), false, 3_000);
  assertEquals([second.errors.length, second.refusal], [0, first.refusal]);
  assertEquals([it.failureCount, it.failingSince, it.confirmedAt], [2, 2_000, 1_000]);
  const hidden = it.apply(reading({ give: [], position: "10", hidden: true }), false, 4_000);
  assertEquals([hidden.errors.length, hidden.refusal?.code], [1, "REGISTRY_DENIED"]);
  // Nothing tells when the token may read more.
  assertEquals([it.position, it.knownPosition], [undefined, "10"]);
  // The list that is compared with is the last accepted one.
  run(it, { give: [], position: "11" }, 5_000);
  assertEquals(it.status(5_000).state, "unconfirmed");
});

for (
  const [policy, to, accepted] of [
    ["keep", 4, true],
    ["keep", 0, false],
    ["confirm", 4, true],
    ["confirm", 0, true],
  ] as const
) {
  test(`emptyPolicy "${policy}" ${accepted ? "accepts" : "holds"} ${to} of 20 once confirmed`, () => {
    const it = state({ emptyPolicy: policy });
    const twenty = Array.from({ length: 20 }, (_, i) => endpoint(`t${i}`));
    run(it, { give: twenty }, 1_000);
    run(it, { give: twenty.slice(0, to) }, 2_000);
    assertEquals([it.endpoints.length, it.status(2_000).state], [20, "unconfirmed"]);
    for (const now of [4_000, 7_000]) {
      run(it, { give: twenty.slice(0, to), leader: true }, now);
    }
    assertEquals(it.endpoints.length, accepted ? to : 20);
  });
}

test('emptyPolicy "keep" accepts a deploy of 12 old instances for 5 new ones once confirmed', () => {
  const it = state({ emptyPolicy: "keep" });
  run(it, { give: Array.from({ length: 12 }, (_, i) => endpoint(`old${i}`)) }, 1_000);
  const fresh = Array.from({ length: 5 }, (_, i) => endpoint(`new${i}`));
  run(it, { give: fresh }, 2_000);
  assertEquals(it.endpoints.length, 12);
  run(it, { give: fresh, leader: true }, 4_000);
  run(it, { give: fresh, leader: true }, 7_000);
  assertEquals(it.endpoints.map(({ id }) => id), fresh.map(({ id }) => id));
});

test("WatchState.apply() says what changed, and reports an entry that was left out once", () => {
  const it = state();
  const first = it.apply(reading({ give: [a], skipped: 1 }), false, 1_000);
  assertEquals([first.accepted, first.stateChanged, first.errors.length], [true, true, 1]);
  assertEquals(first.change?.added, [a]);
  const second = it.apply(reading({ give: [a, b], skipped: 2 }), false, 2_000);
  assertEquals([second.stateChanged, second.errors.length], [false, 1]);
  const third = it.apply(reading({ give: [a, b], skipped: 2 }), false, 3_000);
  assertEquals([third.change, third.errors.length], [undefined, 0]);
  assertEquals([it.changedAt, it.confirmedAt], [2_000, 3_000]);
  const rejected = it.apply(reading({ give: [] }), false, 4_000);
  assertEquals([rejected.accepted, rejected.change], [false, undefined]);
  assertEquals(it.confirmedAt, 3_000);
});

test("WatchState.status() counts instances by status and names what was skipped", () => {
  const it = state({ health: "passing" });
  const warned = endpoint("w", { status: "warning" });
  const resting = endpoint("m", { status: "maintenance" });
  it.apply(reading({ give: [a, warned, sick, resting], skipped: 1 }), false, 1_000);
  const status = it.status(4_000);
  assertEquals(status.instanceCounts, {
    listed: 5,
    passing: 1,
    warning: 1,
    critical: 1,
    maintenance: 1,
    skipped: 1,
  });
  assertEquals([status.endpointCount, status.ageMs, status.position], [1, 3_000, "5"]);
  assertEquals(status.skippedReasons, ["Cannot use entry 0: no port"]);
});

// Why there is nothing to hand out: one sentence for each cause.
const REASONS: readonly [string, (it: WatchState) => void, string][] = [
  ["no response yet", () => {}, "the registry has not responded yet"],
  ["a failure", (it) => run(it, { fail: "TIMEOUT" }, 1), "Cannot read: TIMEOUT"],
  [
    "an unknown name",
    (it) => run(it, { give: [] }, 1),
    'the registry lists no instance of "app"; check the name',
  ],
  [
    "a wrong tag",
    (it) => {
      run(it, { give: [] }, 1);
      assert(it.wantsUntaggedCount);
      it.noteUntaggedCount(2);
      assert(!it.wantsUntaggedCount);
    },
    "2 instances, none with tag primary",
  ],
  [
    "no usable entry",
    (it) => run(it, { give: [], skipped: 3 }, 1),
    "3 listed, 0 usable: Cannot use entry 0: no port",
  ],
  [
    "a registry that denies by default",
    (it) => run(it, { give: [], deniedByDefault: true }, 1),
    "the registry denies by default and no token is sent, so it may hide every instance",
  ],
  [
    "a registry that denies by default and has shown something before",
    (it) => {
      run(it, { give: [a], deniedByDefault: true }, 1);
      run(it, { give: [], deniedByDefault: true }, 2);
      run(it, { give: [], deniedByDefault: true, leader: true }, 3);
      run(it, { give: [], deniedByDefault: true, leader: true }, 4);
    },
    'the registry lists no instance of "app"; check the name',
  ],
  [
    "a registry that limits the rate",
    (it) => run(it, { limit: "rate" }, 1),
    "the registry limits the rate of reads: Cannot read: received 429",
  ],
  ["all critical", (it) => run(it, { give: [sick] }, 1), "1 instance, all critical"],
  [
    "a mixture",
    (it) => run(it, { give: [sick, endpoint("m", { status: "maintenance" })] }, 1),
    "2 instances: 1 critical, 1 maintenance",
  ],
];

for (const [what, prepare, reason] of REASONS) {
  test(`WatchState.emptyReason() with ${what}`, () => {
    const it = state({}, "primary");
    prepare(it);
    assertEquals(it.emptyReason(), reason);
  });
}
