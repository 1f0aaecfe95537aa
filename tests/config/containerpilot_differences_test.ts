import { assert, assertEquals } from "@std/assert";
import { readFile } from "node:fs/promises";
import { warnOfDifferences } from "../../src/config/containerpilot_differences.ts";
import { formatPath } from "../../src/config/config_fault.ts";
import { parseSupervisorConfig } from "../../src/config/load_supervisor.ts";
import { readDocument } from "../../src/config/json5_document.ts";
import { test } from "../support/test.ts";

function differences(text: string): string[] {
  const found: string[] = [];
  warnOfDifferences(readDocument(text), text, ({ path }, message) => {
    found.push(`${formatPath(path)} ${message}`.trim());
  });
  return found;
}

const REFUSES = "ContainerPilot 3.8 refuses the file";

test("warnOfDifferences() names each part that ContainerPilot 3.8 treats differently", () => {
  const own = `is Piloted's own: ${REFUSES}`;
  const cases: [members: string, ...expected: string[]][] = [
    [`backends: []`, `backends is a key of version 2: ${REFUSES}`],
    [`preStart: "x"`, `preStart is a key of version 2: ${REFUSES}`],
    [`catalog: true`, `catalog ${own}`],
    [`'watches': []`, `watches is in single quotes: ${REFUSES}`],
    [
      `watches: [{ name: "web" }, { Name: "db", Interval: 5, Peer: "x" }]`,
      `watches[0] has no interval: ${REFUSES}`,
      `watches[1].Peer ${own}`,
    ],
    [`watches: [{ pattern: "a-*", interval: 5 }]`, `watches[0].pattern ${own}`],
    [`jobs: [{ tags: "a" }]`, `jobs[0].tags is a text and no list: ${REFUSES}`],
    [`jobs: [{ meta: {} }]`, `jobs[0].meta ${own}`],
    [
      `jobs: [{ consul: { enableTagOverride: true } }]`,
      `jobs[0].consul has no deregisterCriticalServiceAfter: ${REFUSES}`,
    ],
    [`jobs: [{ port: 80 }]`, `jobs[0] has a port and no health: ${REFUSES}`],
    [
      `jobs: [{ port: 80, health: { interval: "5s" } }]`,
      `jobs[0].health.interval must be a whole number of seconds above 0 there: ${REFUSES}`,
      `jobs[0].health.ttl must be a whole number of seconds above 0 there: ${REFUSES}`,
    ],
    [`jobs: [{ port: 80, health: { interval: "0x5", ttl: true } }]`],
    [`jobs: [{ exec: "true" }], logging: {}, stopTimeout: 5, control: {}, telemetry: {}`],
  ];
  for (const [members, ...expected] of cases) {
    assertEquals(differences(`{ consul: "c:8500", ${members} }`), expected, members);
  }
});

test("warnOfDifferences() names what is different in consul", () => {
  const own = `is Piloted's own: ${REFUSES}`;
  const several = "has several addresses; to ContainerPilot 3.8 it is one, which fails later";
  const verifies =
    "consul.tls verifies the certificate; ContainerPilot 3.8 does so only with verify: true";
  const cases: [consul: string, ...expected: string[]][] = [
    [`"a:8500,b:8500"`, `consul ${several}`],
    [`{ address: "a:8500,b:8500" }`, `consul.address ${several}`],
    [`{ addresses: ["a:8500"], tokenFile: "/t", login: {} }`, ...[
      `consul.addresses ${own}`,
      `consul.tokenFile ${own}`,
      `consul.login ${own}`,
    ]],
    [`{ address: "a:8500", token: "t", tls: { caFile: "/c" } }`, verifies],
    [`{ address: "a:8500", tls: { verify: false } }`],
    [`{ address: "a:8500", tls: { verify: true } }`],
  ];
  for (const [consul, ...expected] of cases) {
    assertEquals(differences(`{ consul: ${consul} }`), expected, consul);
  }
  assertEquals(differences("{}"), [`has no consul, which comes from the environment: ${REFUSES}`]);
});

test("warnOfDifferences() finds a comment that ends earlier for ContainerPilot", () => {
  const ends = (comment: string) =>
    `has the comment ${JSON.stringify(comment)}, which ends for ContainerPilot at its first "/" ` +
    'after a "*"';
  const text = (comment: string) => `{ consul: "c:8500" ${comment} }`;
  assertEquals(differences(text("/** a/b */")), [ends("/** a/b */")]);
  assertEquals(differences(text("/* a/b */")), []);
  assertEquals(differences(text("/* a*b */")), []);
  assertEquals(differences(text("// ** a/b\n")), []);
  assertEquals(differences(`{ consul: "/** a/b */" }`), []);
});

test("a file that ContainerPilot accepts gets no warning that it refuses it", async () => {
  const path = new URL("../fixtures/config.json", import.meta.url);
  const { cases } = JSON.parse(await readFile(path, "utf8")) as {
    cases: { name: string; text: string; env: Record<string, string>; reject?: boolean }[];
  };
  let accepted = 0;
  for (const { name, text, env, reject } of cases) {
    if (reject) continue;
    accepted++;
    const context = { template: env, consul: env, missing: "empty" } as const;
    const { config } = await parseSupervisorConfig(text, context, name, warnOfDifferences);
    const wrong = config.warnings.filter(({ message }) => message.includes("refuses the file"));
    assertEquals(wrong, [], `${name}: ${text}`);
  }
  assert(accepted > 20, `${accepted} of the recorded files are accepted`);
});
