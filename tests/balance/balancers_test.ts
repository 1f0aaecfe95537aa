import { assertEquals, assertThrows } from "@std/assert";
import { type BalancerName, createBalancer } from "../../src/balance/create_balancer.ts";
import { ZonePreference } from "../../src/balance/zone_preference.ts";
import { balancerContract } from "../contracts/balancer_contract.ts";
import { test } from "../support/test.ts";
import { members } from "./support.ts";

const NAMES: BalancerName[] = [
  "round-robin",
  "weighted-round-robin",
  "random",
  "least-pending",
  "p2c-ewma",
  "hash",
];

for (const name of NAMES) {
  balancerContract(name, (random) => createBalancer(name, random));
  test(`createBalancer(${name}) makes a balancer of that name`, () => {
    assertEquals(createBalancer(name, Math.random).name, name);
  });
}

balancerContract(
  "ZonePreference",
  (random) => new ZonePreference("z", () => createBalancer("round-robin", random), random),
);

let turn = 0;
const inTurn = <T>(candidates: readonly T[]) => candidates[turn++ % candidates.length];
balancerContract("a function of the user's own", (random) => createBalancer(inTurn, random));

test("a function of the user's own sees load and options, and may decline", () => {
  const [a, b] = members("a", "b");
  a!.pendingCount = 3;
  const seen: unknown[] = [];
  const balancer = createBalancer((candidates, options) => {
    seen.push(
      candidates.map((one) => [one.endpoint.id, one.pendingCount, one.latencyMs(0)]),
      options,
    );
    return undefined;
  }, Math.random);
  balancer.update([a!, b!]);
  assertEquals(balancer.pick({ key: "k" }), undefined);
  assertEquals(seen, [[["a", 3, undefined], ["b", 0, undefined]], { key: "k" }]);
});

test("a function of the user's own that returns a stranger is a TypeError", () => {
  const [stranger] = members("stranger");
  const balancer = createBalancer(() => stranger, Math.random);
  balancer.update(members("a"));
  assertThrows(() => balancer.pick(), TypeError, "one of its candidates");
});

test("createBalancer() refuses a name that it does not know", () => {
  for (const name of ["fastest", "toString", "__proto__"]) {
    assertThrows(
      () => createBalancer(name as BalancerName, Math.random),
      TypeError,
      `received "${name}"`,
    );
  }
});
