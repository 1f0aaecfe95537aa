import { assertEquals, assertMatch } from "@std/assert";
import type { RegistrationConfig } from "../../src/config/config.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { test } from "../support/test.ts";
import { headline, parseWith, refusal } from "./support.ts";

const registration = (given: Partial<RegistrationConfig>): RegistrationConfig => ({
  name: "app",
  port: 80,
  tags: [],
  meta: {},
  interfaces: [],
  healthIntervalMs: undefined,
  ttlMs: undefined,
  initialStatus: undefined,
  enableTagOverride: false,
  deregisterCriticalServiceAfterMs: undefined,
  ...given,
});

test("parseConfig() reads a job that has a port", async () => {
  const { registrations, warnings } = await parseWith(`jobs: [{
    name: "app",
    exec: ["/bin/app"],
    restarts: "unlimited",
    port: "8080",
    tags: ["a", 5],
    interfaces: "eth0",
    health: { exec: "/bin/check", interval: 5, ttl: "1m30s", timeout: "5s" },
    initial_status: "warning",
    consul: { enableTagOverride: true, deregisterCriticalServiceAfter: "10m" },
  }]`);
  assertEquals(registrations, [registration({
    port: 8080,
    tags: ["a", "5"],
    interfaces: ["eth0"],
    healthIntervalMs: 5000,
    ttlMs: 90_000,
    initialStatus: "warning",
    enableTagOverride: true,
    deregisterCriticalServiceAfterMs: 600_000,
  })]);
  assertEquals(warnings, []);
});

test("parseConfig() reads a service of ContainerPilot 2 that has a port", async () => {
  const { registrations } = await parseWith(
    'services: [{name: "app", port: 80, health: "/bin/check", poll: 10, ttl: "25", tags: "t"}]',
  );
  assertEquals(registrations, [
    registration({ tags: ["t"], healthIntervalMs: 10_000, ttlMs: 25_000 }),
  ]);
});

test("parseConfig() reads metadata, which ContainerPilot has not", async () => {
  const { registrations } = await parseWith(
    'jobs: [{name: "app", port: 80, meta: {zone: "a", n: 1}}]',
  );
  assertEquals(registrations, [registration({ meta: { zone: "a", n: "1" } })]);
});

test("parseConfig() leaves alone what has no port", async () => {
  const { registrations, warnings } = await parseWith(
    'jobs: [{name: "not a name", restarts: {}}, {exec: 5, port: 0}, {port: null}, null, "x", 5], ' +
      "services: [{health: 5}]",
  );
  assertEquals(registrations, []);
  assertEquals(warnings, []);
});

test("parseConfig() warns of unknown keys in a job, and of what may have been meant", async () => {
  const { registrations, warnings } = await parseWith(
    'jobs: [{name: "app", port: 80, initialStatus: "passing", health: {ttll: 5}, consul: {x: 1}},' +
      '{name: "db", prot: 80}]',
  );
  assertEquals(registrations, [registration({})]);
  assertEquals(warnings.map(({ message }) => message), [
    'jobs[0].initialStatus is not a known key and is left out, did you mean "initial_status"',
    "jobs[0].consul.x is not a known key and is left out",
    'jobs[0].health.ttll is not a known key and is left out, did you mean "ttl"',
    'jobs[1].prot is not a known key and is left out, did you mean "port"',
  ]);
});

test("parseConfig() warns of jobs that are no list", async () => {
  const { warnings } = await parseWith('jobs: {name: "app"}');
  assertEquals(warnings.map(({ message }) => message), [
    "jobs is left out: it must be a list, received an object",
  ]);
});

test("parseConfig() refuses a job with a port that can't be registered", async () => {
  const refused: [string, string][] = [
    ['name: "app", port: 70000', "jobs[0].port must be a port from 1 to 65535, received 70000"],
    ['name: "app", port: "http"', 'jobs[0].port must be a port from 1 to 65535, received "http"'],
    [
      'name: "app", port: ""',
      "jobs[0].port must be a port from 1 to 65535; it is empty, as with a variable that is not " +
      'set in the environment, received ""',
    ],
    ['name: "app", port: -1', "jobs[0].port must be a port from 1 to 65535, received -1"],
    [
      'port: 80, name: "app", interfaces: ["eth0", "br-1"]',
      'jobs[0].interfaces[1] must be an interface such as "eth0", "eth0:inet6" or "eth0[1]", a ' +
      'network such as "10.0.0.0/16", "inet", "inet6", or "static:" and an address, received "br-1"',
    ],
    [
      'port: 80, name: "app", consul: {deregisterCriticalServiceAfter: "90"}',
      "jobs[0].consul.deregisterCriticalServiceAfter must be a duration with a unit, such as " +
      '"90m" or "30s", received "90"',
    ],
    ["port: 80", "jobs[0].name must be the name of a service, received nothing"],
    [
      'port: 80, name: "a_b"',
      "jobs[0].name must be a lower-case letter and then letters, digits or dashes, " +
      'two characters at least, received "a_b"',
    ],
    [
      'port: 80, name: "app", health: {ttl: 0}',
      'jobs[0].health.ttl must be a time above zero: seconds such as 5 or "5", ' +
      'or a duration such as "1m30s", received 0',
    ],
    [
      'port: 80, name: "app", initial_status: "up"',
      'jobs[0].initial_status must be "passing", "warning" or "critical", received "up"',
    ],
    [
      'port: 80, name: "app", tags: [[]]',
      "jobs[0].tags[0] must be a string, received an empty list",
    ],
    ['port: 80, name: "app", meta: "x"', 'jobs[0].meta must be an object, received "x"'],
    [
      'port: 80, name: "app", consul: []',
      "jobs[0].consul must be an object, received an empty list",
    ],
  ];
  for (const [members, message] of refused) {
    const error = await refusal(`{consul: "c:1", jobs: [{${members}}]}`);
    const place = `${error.line}:${error.column}`;
    assertEquals(headline(error), `Cannot use the configuration in ${place}: ${message}`);
  }
});

test("parseConfig() refuses interfaces that ContainerPilot refuses, and reads the others", async () => {
  const read = async (spec: string) =>
    (await parseWith(`jobs: [{name: "app", port: 80, interfaces: ${spec}}]`)).registrations[0]
      ?.interfaces;
  const good = [
    "eth0",
    "eth0:inet",
    "eth0:inet6",
    "eth0[12]",
    "inet",
    "inet6",
    "10.0.0.0/16",
    "fdc6:238c:c4bc::/48",
    "0.0.0.0/0",
    "static:192.168.1.100",
    "static:2001:db8::1",
  ];
  assertEquals(await read(JSON.stringify(good)), good);
  assertEquals(await read('"eth1"'), ["eth1"]);
  assertEquals(await read("[true]"), ["true"]);
  assertEquals(await read("null"), []);
  const bad = [
    "",
    "eth0.100",
    "eth0:",
    "eth0:inet4",
    "eth0[x]",
    "eth0[]",
    "10.0.0.0/33",
    "10.0.0.0/x",
    "10.0.0/8",
    "fe80::/129",
    "static:",
    "static:host",
    "a b",
    "eth0/1",
  ];
  for (const spec of bad) {
    const text = `{consul: "c:1", jobs: [{name: "app", port: 80, interfaces: ["${spec}"]}]}`;
    assertMatch(headline(await refusal(text)), /interfaces\[0\] must be an interface such as/);
  }
});

test("parseConfig() reads the seconds of a health check as those of a watch", async () => {
  const { registrations } = await parseWith(
    'jobs: [{name: "aa", port: 80, health: {interval: "0x5", ttl: true}}, ' +
      '{name: "bb", port: 80, health: {interval: "010", ttl: "0.5s"}}]',
  );
  assertEquals(registrations.map(({ healthIntervalMs, ttlMs }) => [healthIntervalMs, ttlMs]), [
    [5000, 1000],
    [8000, 500],
  ]);
});

test("parseConfig() takes 0 of deregisterCriticalServiceAfter for never, as Consul does", async () => {
  for (const zero of ['"0s"', '"0"', "0", '""', "null"]) {
    const { registrations } = await parseWith(
      `jobs: [{name: "app", port: 80, consul: {deregisterCriticalServiceAfter: ${zero}}}]`,
    );
    assertEquals(registrations, [registration({})]);
  }
});

test("parseConfig() takes any name of a service of version 2 that is not blank, with a warning", async () => {
  const { registrations, warnings } = await parseWith(
    'services: [{name: "My App", port: 80, poll: 5, ttl: 10}]',
  );
  assertEquals(registrations.map(({ name }) => name), ["My App"]);
  assertEquals(warnings.map(({ at }) => at), ["services[0].name"]);
  await refusal('{consul: "c:1", services: [{name: " ", port: 80}]}');
});

test("resolveConfig() reads initialStatus in an object, and the key of a file", async () => {
  for (const key of ["initialStatus", "initial_status"]) {
    const job = { name: "me", port: 80, [key]: "warning" };
    const { registrations, warnings } = await resolveConfig({ consul: "c:1", jobs: [job] });
    assertEquals(registrations[0]?.initialStatus, "warning");
    assertEquals(warnings, []);
  }
});

test("parseConfig() warns of misspelt keys in a job with a port", async () => {
  const { warnings } = await parseWith(
    'jobs: [{name: "app", port: 80, tagz: ["a"], health: {interval: 5, tll: 5}}]',
  );
  assertEquals(warnings.map(({ message }) => message), [
    'jobs[0].tagz is not a known key and is left out, did you mean "tags"',
    "jobs[0].health.tll is not a known key and is left out",
  ]);
});

test("parseConfig() takes one slash after the end", async () => {
  assertEquals((await parseConfig('{consul: "c:1"} /')).consul.url, "http://c:1");
  for (const end of ["/ ", "/\n", "//x\n/x", "/x"]) await refusal(`{consul: "c:1"}${end}`);
});

test("parseConfig() names etcd", async () => {
  assertEquals(
    headline(await refusal("{etcd: {endpoints: []}}")),
    "Cannot use the configuration in 1:2: etcd is not supported: Piloted reads Consul, as " +
      'ContainerPilot 3 does; give its address in "consul"',
  );
  const { warnings } = await parseWith("etcd: {}");
  assertEquals(warnings.map(({ message }) => message), [
    "etcd is not supported and is left out: Consul is used",
  ]);
});
