/** NO_ENDPOINTS says which of its causes it is, with counts. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedError } from "../../src/errors.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { failureOf } from "../source/support.ts";
import { test } from "../support/test.ts";

const CASES: readonly [string, (consul: EmbeddedConsul) => void, string, number][] = [
  ["a name that Consul does not know", () => {}, 'lists no instance of "db"; check the name', 0],
  [
    "a tag that no instance has",
    (consul) => {
      consul.register({ name: "db", id: "1", address: "10.0.0.1", port: 1, tags: ["replica"] });
      consul.register({ name: "db", id: "2", address: "10.0.0.2", port: 1 });
    },
    "2 instances, none with tag primary",
    0,
  ],
  [
    "nothing but critical instances",
    (consul) => {
      for (const id of ["1", "2", "3"]) {
        consul.register({
          name: "db",
          id,
          address: "10.0.0.1",
          port: 1,
          tags: ["primary"],
          status: "critical",
        });
      }
    },
    "3 instances, all critical",
    3,
  ],
];

for (const mode of ["live", "on-demand"] as const) {
  for (const [what, prepare, reason, listed] of CASES) {
    test(`NO_ENDPOINTS of a ${mode} client says that there is ${what}`, async () => {
      await using consul = new EmbeddedConsul();
      prepare(consul);
      await using piloted = await createPiloted({
        mode,
        config: { consul: "consul:8500", watches: [{ name: "db", tag: "primary" }] },
        fetch: consul.fetch,
      });
      const error = await failureOf(piloted.service("db")) as PilotedError;
      assertEquals([error.code, error.service], ["NO_ENDPOINTS", "db"]);
      assertStringIncludes(error.message, reason);
      assertEquals(error.instances?.listed, listed);
      const json = JSON.parse(JSON.stringify(error));
      assertEquals([json.code, json.message, json.service], [error.code, error.message, "db"]);
    });
  }
}

test("NO_ENDPOINTS says that no token is sent, where Consul hides what it has", async () => {
  await using consul = new EmbeddedConsul({ acl: { tokens: { secret: "management" } } });
  consul.register({ name: "db", address: "10.0.0.1", port: 1 });
  const config = { consul: "consul:8500", watches: [{ name: "db" }] };
  await using piloted = await createPiloted({ config, fetch: consul.fetch });
  assertStringIncludes((await failureOf(piloted.service("db"))).message, "no token is sent");
});
