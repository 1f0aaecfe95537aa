import { assertEquals } from "@std/assert";
import type { RegistrationConfig } from "../../src/config/config.ts";
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
    'jobs: [{name: "not a name", restarts: {}}, {exec: 5, port: 0}, {port: ""}, null, "x", 5], ' +
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
