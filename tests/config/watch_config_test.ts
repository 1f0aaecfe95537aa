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
      "(the keys are name, interval, tag, dc, as, port, address, peer, namespace, partition, " +
      "samenessGroup, filter, pattern and limit)",
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
  const { warnings: one } = await parseWith(
    'watches: [{name: "app"}, {name: "app", tag: "", interval: 3}]',
  );
  assertEquals(one.map(({ message }) => message), ["watches[1] watches the same as watches[0]"]);
  assertEquals(warnings.filter(({ at }) => at !== "watches[1]"), [
    { message: "watches[2] watches the same as watches[1]", at: "watches[2]", line: 1, column: 75 },
    {
      message: "backends[0] watches the same as watches[0]",
      at: "backends[0]",
      line: 2,
      column: 12,
    },
  ]);
});

const oneList = (path: string, first: string, name: string) =>
  `${path} is one list with ${first}, looked up as "${name}"; give each a name of its own with ` +
  '"as", or the same "as" if one list is meant';

test("parseConfig() warns when different watches of one service are one list", async () => {
  const { watches, warnings } = await parseWith(
    'watches: [{name: "app", dc: "a"}, {name: "app", dc: "b"}, {name: "App1", as: "app"}]'
      .replace("App1", "other"),
  );
  assertEquals(watches.length, 3);
  assertEquals(warnings.map(({ message }) => message), [
    oneList("watches[1]", "watches[0]", "app"),
  ]);
  const deliberate = await parseWith(
    'watches: [{name: "db", tag: "a", as: "db-a"}, {name: "db", tag: "b", as: "db-b"}, ' +
      '{name: "app", tag: "a", as: "app"}, {name: "app", tag: "b", as: "app"}]',
  );
  assertEquals(deliberate.warnings, []);
  const inBackends = await parseWith(
    'watches: [{name: "db", tag: "a"}], backends: [{name: "db", tag: "b", poll: 5}]',
  );
  assertEquals(inBackends.warnings.map(({ message }) => message), [
    oneList("backends[0]", "watches[0]", "db"),
  ]);
});

test("parseConfig() reads the reach and another name of a watch, in a file as well", async () => {
  const { watches, warnings } = await parseWith(`watches: [{
    name: "db", as: "db-west", port: "pg", address: "wan", peer: "west", NameSpace: "team",
    partition: "part", samenessGroup: "group", filter: 'Service.Meta.v == "2"', tag: "t",
  }, { name: "app", port: "", peer: null, as: "" }]`);
  assertEquals(warnings, []);
  assertEquals(watches, [{
    ...watch("db", 10_000, "t"),
    as: "db-west",
    port: "pg",
    address: "wan",
    peer: "west",
    namespace: "team",
    partition: "part",
    samenessGroup: "group",
    filter: 'Service.Meta.v == "2"',
  }, watch("app")]);
});

test("parseConfig() reads patterns", async () => {
  const { watches, patterns, warnings } = await parseWith(
    'watches: [{pattern: "orders-*", interval: 3, tag: "v2"}, {name: "app"}, {pattern: "x*", limit: "5"}], catalog: true',
  );
  assertEquals(watches, [watch("app")]);
  assertEquals(patterns, [
    { pattern: "orders-*", limit: 200, tag: "v2", datacenter: undefined, intervalMs: 3000 },
    { pattern: "x*", limit: 5, tag: undefined, datacenter: undefined, intervalMs: 10_000 },
    { pattern: "*", limit: 200, tag: undefined, datacenter: undefined, intervalMs: 10_000 },
  ]);
  assertEquals(warnings, []);
  assertEquals("patterns" in await parseWith("watches: []"), false);
});

test("parseConfig() refuses what a watch cannot mean", async () => {
  for (
    const [members, message] of [
      [
        'pattern: "a*", name: "app"',
        "watches[0].name must be left out: a pattern names the services",
      ],
      ['pattern: "a*", as: "app"', "watches[0].as must be left out: a pattern names the services"],
      ['pattern: "a*", limit: 0', "watches[0].limit must be a whole number above 0, received 0"],
      ['name: "app", limit: 5', "watches[0].limit must be left out: only a pattern has a limit"],
      [
        'name: "app", peer: "west", dc: "eu"',
        "watches[0].peer must be left out: a peer and a datacenter exclude each other",
      ],
      ['name: "app", port: []', "watches[0].port must be a string, received an empty list"],
      [
        'name: "app", as: "My App"',
        "watches[0].as must be a lower-case letter and then letters, digits or dashes, " +
        'two characters at least, received "My App"',
      ],
    ] as const
  ) {
    const error = await refusal(`{consul: "c:1", watches: [{${members}}]}`);
    assertEquals(headline(error).replace(/^.*?:\d+: /, ""), message);
  }
});

test("parseConfig() takes any name of a backend that is not blank, with a warning", async () => {
  const names = ["orders_api", "My App", "-web", "3x", "a"];
  const { watches, warnings } = await parseWith(
    `backends: [${
      names.map((name) => `{name: "${name}", poll: 5}`).join(", ")
    }, {name: "ok", poll: 5}]`,
  );
  assertEquals(watches.map(({ name }) => name), [...names, "ok"]);
  assertEquals(warnings.map(({ at }) => at), names.map((_, index) => `backends[${index}].name`));
  assertEquals(
    warnings[0]?.message,
    'backends[0].name is "orders_api", a name that ContainerPilot 3 refuses: a lower-case letter ' +
      "and then letters, digits or dashes, two characters at least",
  );
  for (const blank of ["", "  ", "\\t"]) {
    await refusal(`{consul: "c:1", backends: [{name: "${blank}", poll: 5}]}`);
  }
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
