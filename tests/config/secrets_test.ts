/** No public object and no error of the configuration shows a secret, however it is printed. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { format, inspect } from "node:util";
import { loadConfig, parseConfig, renderTemplate } from "../../src/client/read_config.ts";
import type { ConfigObject } from "../../src/config/config_object.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { Secret } from "../../src/secret.ts";
import { test } from "../support/test.ts";
import { headline, rejection } from "./support.ts";

type Inspect = (value: unknown, options: Record<string, unknown>) => string;
const { Deno: deno, Bun: bun } = globalThis as {
  Deno?: { inspect: Inspect };
  Bun?: { inspect: Inspect };
};

/** Everything that printing shows of a value, by whichever way. */
function printed(value: unknown): string {
  const options = { showHidden: true, depth: Infinity, getters: true, showProxy: true };
  return [
    inspect(value, { ...options, depth: null }),
    deno?.inspect(value, options) ?? "",
    bun?.inspect(value, options) ?? "",
    format("%o %O %s %j", value, value, value, value),
    JSON.stringify(value),
    String(value),
    inspect(structuredClone(value), { ...options, depth: null }),
    value instanceof Error ? `${value.stack}` : "",
  ].join("\n");
}

function assertHidden(value: unknown, what: string): void {
  const text = printed(value);
  const found = /hunter\d|private\/key/.exec(text);
  assert(found === null, `${what} shows ${found?.[0]}: ${text}`);
}

const FILE = `{consul: {
  address: "https://consul:8501",
  token: "hunter2",
  tls: { cafile: "ca.pem", clientcert: "c.pem", clientkey: "/private/key.pem" },
}, watches: [{ name: "app" }], odd: 1}`;

test("Secret shows its text by reveal() alone", () => {
  const secret = new Secret("hunter2");
  assertHidden(secret, "a secret");
  assertHidden({ deep: [{ secret }] }, "an object around it");
  assertEquals(`${secret}`, "***");
  assertEquals(JSON.stringify({ secret }), '{"secret":"***"}');
  assertEquals(inspect(secret), "***");
  for (const runtime of [deno, bun]) {
    if (runtime) assertStringIncludes(runtime.inspect({ secret }, {}), "***");
  }
  assertEquals(structuredClone(secret), {} as Secret);
  assertEquals(Reflect.ownKeys(secret), []);
  assertEquals(secret.reveal(), "hunter2");
});

test("parseConfig(): a Config shows no secret when it is printed", async () => {
  const env = { CONSUL_HTTP_TOKEN: "hunter3", CONSUL_CLIENT_KEY: "/private/key2.pem" };
  const configs = [
    await parseConfig(FILE),
    await parseConfig(FILE, { env }),
    await resolveConfig({ consul: { address: "c:1", token: "hunter2" } }, { env: {} }),
    await resolveConfig({ consul: { address: "c:1", token: new Secret("hunter2") } }, { env: {} }),
    await resolveConfig({ ...await parseConfig(FILE), watches: [{ name: "db" }] }),
  ];
  for (const config of configs) {
    assertMatch(config.consul.token?.reveal() ?? "", /^hunter[23]$/);
    assertHidden(config, "a Config");
    assertHidden({ ...config }, "a copy of a Config");
    assertHidden(config.consul, "consul");
    assertHidden({ ...config.consul }, "a copy of consul");
    assertHidden(config.consul.tls ?? {}, "tls");
    assertHidden({ ...config.consul.tls }, "a copy of tls");
  }
});

const ADDRESSES = [
  "http://me:hunter2@consul:8500",
  "me:hunter2@consul:8500",
  "https://hunter2@consul",
  "http://me:hun/ter hunter2@consul:8500",
  "consul:8500?t=hunter2",
  "consul:8500#hunter2",
  "ftp://me:hunter2@consul",
  "http://me:hunter2@consul:99999",
];

test("an address with credentials is refused without showing them, wherever it comes from", async () => {
  for (const address of ADDRESSES) {
    const refused = [
      () => parseConfig(`{consul: "${address}"}`),
      () => parseConfig(`{consul: {address: '${address}'}}`),
      () => parseConfig(`{consul: "{{ .ADDRESS }}"}`, { env: { ADDRESS: address } }),
      () => parseConfig(`{consul: "${address}", x: "{{ .X }}"}`, { path: "cp.json5" }),
      () => parseConfig("{}", { env: { CONSUL_HTTP_ADDR: address } }),
      () => parseConfig("{}", { env: { CONSUL_HOST: address } }),
      () => resolveConfig({ consul: address }, { env: {} }),
      () => resolveConfig({ consul: { address } }, { env: {} }),
      () => resolveConfig({ consul: { url: address } }, { env: {} }),
    ];
    for (const read of refused) {
      const error = await rejection(read());
      assertEquals(error.code, "CONFIG_INVALID");
      assertMatch(headline(error), /: (consul|consul\.\w+|\$CONSUL_\w+) must /);
      assertHidden(error, address);
    }
  }
  assertMatch(
    (await rejection(parseConfig('{consul: "me:hunter2@consul"}'))).message,
    /^Cannot use the configuration in 1:10: consul must be a host, a port and a path, without .*TOKEN$/,
  );
});

test("a line that an error shows hides credentials and tokens in it", async () => {
  const rest = [
    'watches: [{name: "app", interval: "5s"}]',
    "watches: [{name: 5}",
    'watches: [{name: "{{ nofunc }}"}]',
    'watches: [{name: "{{ loop .X }}"}]',
    "watches: {{ if }}",
  ];
  const firsts = [
    'consul: {token: "hunter2"}',
    "consul: {address: 'c:1', token: 'hunter2'}",
    'consul: "me:hunter2@consul:8500"',
    'consul: "http://me:hunter2@consul:8500"',
    'consul: "http://me:hunter2/hunter3@consul:8500"',
    'x: "see http://me:hunter2@example"',
  ];
  for (const first of firsts) {
    for (const part of rest) {
      for (const missing of ["empty", "error"] as const) {
        const text = `{consul: "c:1", ${first}, ${part}}`;
        const error = await rejection(parseConfig(text, { missing }));
        assertHidden(error, text);
        assertHidden(error.cause ?? {}, text);
      }
    }
  }
});

test("an object's template that fails shows no secret", async () => {
  const objects: ConfigObject[] = [
    { consul: { address: "http://me:hunter2@{{ nofunc }}" } },
    { consul: { address: "c:1", token: "token=hunter2 {{ nofunc }}" } },
  ];
  for (const object of objects) {
    const error = await rejection(resolveConfig(object, { env: {} }));
    assertEquals(error.code, "TEMPLATE_INVALID");
    assertHidden(error, JSON.stringify(object));
  }
});

test("a warning shows no credentials", async () => {
  const { warnings } = await parseConfig('{consul: "c:1", "http://me:hunter2@x": 1}');
  assertEquals(warnings.length, 1);
  assertHidden(warnings, "a warning");
});

test("a path that is no path is not repeated", async () => {
  for (const path of ["http://me:hunter2@consul/x", "{token: 'hunter2'}", "a\nhunter2"]) {
    assertHidden(await rejection(loadConfig(path)), path);
  }
  assertHidden(await rejection(loadConfig(new URL("http://me:hunter2@consul/x"))), "a URL");
});

test("a TypeError about arguments repeats none of them that may be a secret", async () => {
  const wrong = [
    () => resolveConfig(Symbol("hunter2") as unknown as string),
    () => resolveConfig(["hunter2"] as unknown as string),
    () => loadConfig(["hunter2"] as unknown as string),
    () => parseConfig({ token: "hunter2" } as unknown as string),
    () => renderTemplate(["hunter2"] as unknown as string, { env: {} }),
  ];
  for (const call of wrong) {
    const error = await call().then(() => new Error("accepted"), (error: Error) => error);
    assert(error instanceof TypeError, String(error));
    assertMatch(error.message, /received (a|an) \w+$|received (object|symbol)$/);
    assertHidden({ message: error.message, stack: error.stack }, "a TypeError");
  }
});
