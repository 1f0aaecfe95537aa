import { assertEquals, assertMatch } from "@std/assert";
import { test } from "../support/test.ts";
import { headline, parseWith, refusal } from "./support.ts";

const watch = (name: string, intervalMs = 10_000, tag?: string, datacenter?: string) => ({
  name,
  tag,
  datacenter,
  intervalMs,
});

test("parseConfig() gives a watch without an interval 10 seconds", async () => {
  const { watches, warnings } = await parseWith('watches: [{name: "app"}]');
  assertEquals(watches, [watch("app")]);
  assertEquals(warnings, []);
});

test("parseConfig() refuses an interval that is given and empty", async () => {
  for (const interval of ["null", '""', "false", "0.9", "Infinity", "NaN", "{}", "[]"]) {
    const error = await refusal(`{consul: "c:1", watches: [{name: "app", interval: ${interval}}]}`);
    assertMatch(
      headline(error),
      /:51: watches\[0\]\.interval must be a whole number of seconds above 0/,
    );
  }
});

test("parseConfig() reads the backends of ContainerPilot 2 as watches", async () => {
  const { watches, warnings } = await parseWith(
    'backends: [{name: "app", poll: 7, onChange: ["/bin/x"], tag: "t", timeout: "5s"}, {name: "db"}]',
  );
  assertEquals(watches, [watch("app", 7000, "t"), watch("db")]);
  assertEquals(warnings, []);
});

test("parseConfig() takes poll in a watch, and interval before it", async () => {
  const { watches } = await parseWith(
    'watches: [{name: "app", poll: 7}, {name: "db", poll: 7, interval: 3}]',
  );
  assertEquals(watches, [watch("app", 7000), watch("db", 3000)]);
});

test("parseConfig() warns of an unknown key in a backend, and refuses it in a watch", async () => {
  const { warnings } = await parseWith('backends: [{name: "app", poll: 5, id: 1}]');
  assertEquals(warnings, [{
    message: "backends[0].id is not a known key and is left out",
    at: "backends[0].id",
    line: 1,
    column: 59,
  }]);
  assertEquals(
    headline(await refusal('{consul: "c:1", watches: [{name: "app", id: 1}]}')),
    "Cannot use the configuration in 1:41: watches[0].id is not known here " +
      "(the keys are name, interval, tag and dc)",
  );
});

test("parseConfig() takes dc in a text, and datacenter for a mistake", async () => {
  const { watches } = await parseWith('watches: [{name: "app", dc: "eu"}]');
  assertEquals(watches, [watch("app", 10_000, undefined, "eu")]);
  assertMatch(
    headline(await refusal('{consul: "c:1", watches: [{name: "app", datacenter: "eu"}]}')),
    /watches\[0\]\.datacenter is not known here, did you mean "dc" /,
  );
  assertMatch(
    headline(await refusal('{consul: "c:1", watches: [{name: "app", intervalMs: 5}]}')),
    /watches\[0\]\.intervalMs is not known here, did you mean "interval" /,
  );
  const { warnings } = await parseWith(
    'backends: [{name: "app", datacenter: "eu", pol: 5, pool: 5}]',
  );
  assertEquals(warnings.map(({ message }) => message), [
    'backends[0].datacenter is not a known key and is left out, did you mean "dc"',
    "backends[0].pol is not a known key and is left out",
    'backends[0].pool is not a known key and is left out, did you mean "poll"',
  ]);
});

test("parseConfig() keeps a watch that is there twice, with a warning", async () => {
  const { watches, warnings } = await parseWith(
    'watches: [{name: "app", tag: "a"}, {name: "app"}, {name: "app", tag: "", interval: 3}],\n' +
      'backends: [{name: "app", tag: "a"}]',
  );
  assertEquals(watches, [
    watch("app", 10_000, "a"),
    watch("app"),
    watch("app", 3000),
    watch("app", 10_000, "a"),
  ]);
  assertEquals(warnings, [
    { message: "watches[2] watches the same as watches[1]", at: "watches[2]", line: 1, column: 75 },
    {
      message: "backends[0] watches the same as watches[0]",
      at: "backends[0]",
      line: 2,
      column: 12,
    },
  ]);
});

test("parseConfig() takes one service in two datacenters, or with two tags, for two watches", async () => {
  const { warnings } = await parseWith(
    'watches: [{name: "app", dc: "a"}, {name: "app", dc: "b"}, {name: "app", tag: "b"}]',
  );
  assertEquals(warnings, []);
});

test("parseConfig() warns of watches that are no list, and takes none", async () => {
  const odd: [string, string][] = [
    ['{name: "app", interval: 5}', "an object"],
    ['"app"', "a string"],
    ["5", "a number"],
  ];
  for (const [value, kind] of odd) {
    const { watches, warnings } = await parseWith(`watches: ${value}`);
    assertEquals(watches, []);
    assertEquals(warnings, [{
      message: `watches is left out: it must be a list, received ${kind}`,
      at: "watches",
      line: 1,
      column: 34,
    }]);
  }
  assertEquals((await parseWith("watches: null")).warnings, []);
});

test("parseConfig() leaves out nulls between watches", async () => {
  const { watches } = await parseWith('watches: [null, {name: "app"}, null]');
  assertEquals(watches, [watch("app")]);
  const error = await refusal('{consul: "c:1", watches: [null, 5]}');
  assertMatch(headline(error), /1:33: watches\[1\] must be an object, received 5$/);
});

test("parseConfig() refuses a name of one letter, as ContainerPilot's rule does", async () => {
  assertMatch(headline(await refusal('{consul: "c:1", watches: [{name: "a"}]}')), /two characters/);
});
