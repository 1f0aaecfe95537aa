import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { consulCredentials } from "../../src/access/consul_credentials.ts";
import type { ConsulConfig } from "../../src/config/config.ts";
import type { PilotedError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import type { Credentials } from "../../src/source/consul_credentials.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { failureOf } from "../source/support.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";

/** A Consul that accepts some tokens, and logs in whoever has the right bearer token. */
class Guarded {
  readonly accepted = new Set<string>();
  /** Method and path of every request, with its token. */
  readonly asked: string[] = [];
  readonly logins: Record<string, unknown>[] = [];
  /** Milliseconds for which a login is good. */
  ttlMs: number | undefined;
  answerLogin: (() => Response | undefined) | undefined;
  readonly clock: ManualClock;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  readonly fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const token = new Headers(init.headers).get("X-Consul-Token") ?? "";
    this.asked.push(`${init.method ?? "GET"} ${url.pathname}${url.search} ${token}`.trim());
    return Promise.resolve(this.#respond(url.pathname, token, init));
  };

  #respond(path: string, token: string, init: RequestInit): Response {
    if (path === "/v1/acl/login") {
      this.logins.push(JSON.parse(String(init.body)));
      const answer = this.answerLogin?.();
      if (answer !== undefined) return answer;
      const SecretID = `login-${this.logins.length}`;
      this.accepted.add(SecretID);
      const expires = this.ttlMs === undefined
        ? {}
        : { ExpirationTime: new Date(this.clock.now() + this.ttlMs).toISOString() };
      return Response.json({ AccessorID: "x", SecretID, ...expires });
    }
    if (path === "/v1/acl/logout") {
      this.accepted.delete(token);
      return Response.json(true);
    }
    if (!this.accepted.has(token)) return new Response("ACL not found", { status: 403 });
    return Response.json([], { headers: { "X-Consul-Index": "7" } });
  }
}

interface Scene {
  clock: ManualClock;
  consul: Guarded;
  source: ConsulSource;
  credentials: Credentials;
  path: string;
  write(text: string): Promise<void>;
}

function scene(
  config: (path: string) => Partial<ConsulConfig>,
  run: (it: Scene) => Promise<void>,
): Promise<void> {
  return withTemporaryFolder(async (folder) => {
    const path = join(folder, "token");
    const clock = new ManualClock();
    const consul = new Guarded(clock);
    const credentials = consulCredentials({ url: "http://c:1", ...config(path) }, clock, 2_000)!;
    const source = new ConsulSource({ url: "http://c:1", fetch: consul.fetch, credentials });
    await run({
      clock,
      consul,
      source,
      credentials,
      path,
      write: (text) => writeFile(path, text),
    });
    assertEquals(clock.pending, 0);
  });
}

const query = { service: "app" };
const READ = "GET /v1/health/service/app?stale";

test("a token file is read again when it has changed, and after a refusal", () =>
  scene((tokenFile) => ({ tokenFile }), async ({ clock, consul, source, write }) => {
    consul.accepted.add("one").add("two");
    await write("one\n");
    await source.read(query);
    await write("two\n");
    await clock.advance(1_000);
    await source.read(query);
    // Revoked at once, within the second for which the file is not looked at.
    await write("three");
    consul.accepted.delete("two");
    consul.accepted.add("three");
    const reading = await source.read(query, { position: "7", waitMs: 60_000 });
    assertEquals(reading.position, "7");
    assertEquals(consul.asked, [
      `${READ} one`,
      `${READ} two`,
      `${READ}&index=7&wait=60000ms two`,
      // Without the index: little of the time for the blocking query may be left.
      `${READ} three`,
    ]);
  }));

/** Advances the time until a promise has settled, and gives the milliseconds that it took. */
async function passing(clock: ManualClock, promise: Promise<unknown>): Promise<number> {
  const start = clock.now();
  let isSettled = false;
  promise.catch(() => {}).finally(() => isSettled = true);
  while (!isSettled) {
    await clock.advance(10);
    // Files are read in real time.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return clock.now() - start;
}

test("a refused token whose successor is not there yet is waited for, by all reads together", () =>
  scene((tokenFile) => ({ tokenFile }), async ({ clock, consul, source, write }) => {
    consul.accepted.add("one").add("two");
    await write("one");
    await source.read(query);
    consul.accepted.delete("one");
    const asked = consul.asked.length;
    const reads = Promise.all(Array.from({ length: 20 }, () => source.read(query)));
    await clock.advance(300);
    // Half of it is written when it is looked at.
    await write("tw");
    await clock.advance(400);
    await write("two");
    await passing(clock, reads);
    const tokens = consul.asked.slice(asked).map((line) => line.split(" ").at(-1));
    assertEquals(tokens.filter((token) => token === "one").length, 20);
    assertEquals(tokens.filter((token) => token === "two").length, 20);
  }));

test("a refused token without a successor is reported after two seconds, and then at once", () =>
  scene((tokenFile) => ({ tokenFile }), async ({ clock, consul, source, write }) => {
    await write("wrong");
    // At the start nothing is waited for.
    const first = await failureOf(source.read(query)) as PilotedError;
    assertEquals([first.code, clock.pending], ["REGISTRY_DENIED", 0]);
    consul.accepted.add("wrong");
    await source.read(query);
    consul.accepted.clear();
    const failed = failureOf(source.read(query));
    assertEquals(await passing(clock, failed) >= 2_000, true);
    assertEquals((await failed as PilotedError).code, "REGISTRY_DENIED");
    assertEquals((await failureOf(source.read(query)) as PilotedError).code, "REGISTRY_DENIED");
  }));

test("a function that does not return the new token yet, or fails for a moment, is called again", () => {
  let calls = 0;
  const provide = () => {
    calls++;
    if (calls === 4) throw new Error("no Vault");
    return Promise.resolve(calls < 6 ? "one" : "two");
  };
  return scene(() => ({ tokenProvider: provide }), async ({ clock, consul, source }) => {
    consul.accepted.add("one").add("two");
    await source.read(query);
    consul.accepted.delete("one");
    const read = source.read(query);
    await passing(clock, read);
    assertEquals((await read).position, "7");
    assertEquals(consul.asked.slice(1), [`${READ} one`, `${READ} two`]);
  });
});

test("a token file that is missing or empty for a moment leaves the token as it was", () =>
  scene((tokenFile) => ({ tokenFile }), async ({ clock, consul, source, write, path }) => {
    const missing = await failureOf(source.read(query)) as PilotedError;
    assertEquals([missing.code, missing.path], ["CONFIG_INVALID", path]);
    assertMatch(missing.message, /^Cannot read the Consul token: /);
    consul.accepted.add("one");
    await write("one");
    await source.read(query);
    await write("");
    await clock.advance(1_000);
    await source.read(query);
    assertEquals(consul.asked, [`${READ} one`, `${READ} one`]);
  }));

test("a function gives the token of each request, and another one after a refusal", () => {
  const tokens: (string | Secret | Promise<string>)[] = [
    "one",
    new Secret("two"),
    "old",
    Promise.resolve("new"),
    "new",
  ];
  return scene(() => ({ tokenProvider: () => tokens.shift() ?? "" }), async (it) => {
    const { consul, source } = it;
    for (const token of ["one", "two", "new"]) consul.accepted.add(token);
    for (let i = 0; i < 3; i++) await source.read(query);
    assertEquals(consul.asked, ["one", "two", "old", "new"].map((token) => `${READ} ${token}`));
  });
});

test("a function that throws or returns something else is named, and its value is not shown", async () => {
  const providers: [() => string, string, RegExp][] = [
    [
      () => {
        throw new Error("the vault is sealed");
      },
      "REGISTRY_DENIED",
      /Cannot get the Consul token: the vault is sealed$/,
    ],
    [() => 5 as unknown as string, "CONFIG_INVALID", /must return a string, received number$/],
    [() => "hunter 2", "CONFIG_INVALID", /it has a space, a line break or a character/],
  ];
  for (const [tokenProvider, code, message] of providers) {
    await scene(() => ({ tokenProvider }), async ({ source }) => {
      const error = await failureOf(source.read(query)) as PilotedError;
      assertEquals(error.code, code);
      assertMatch(error.message, message);
      assert(!inspect(error).includes("hunter"));
    });
  }
});

const login = (bearerTokenFile: string) => ({
  login: { method: "k8s", bearerTokenFile, meta: { pod: "web-1" } },
});

test("a login is made once for all reads, replaced before it expires, and given up by close()", () =>
  scene(login, async ({ clock, consul, source, credentials, write }) => {
    consul.ttlMs = 60_000;
    await write("bearer-1\n");
    await Promise.all([source.read(query), source.read({ service: "db" })]);
    assertEquals(consul.logins, [
      { AuthMethod: "k8s", BearerToken: "bearer-1", Meta: { pod: "web-1" } },
    ]);
    await clock.advance(29_000);
    await source.read(query);
    // Kubernetes has replaced the projected token meanwhile.
    await write("bearer-2\n");
    await clock.advance(1_000);
    await source.read(query);
    assertEquals(consul.logins.map(({ BearerToken }) => BearerToken), ["bearer-1", "bearer-2"]);
    // Queries in flight may carry the former one, so it lives on until the next login or close().
    assertEquals([...consul.accepted], ["login-1", "login-2"]);
    await credentials.close?.();
    assertEquals([...consul.accepted], []);
    assertEquals(consul.asked.slice(-2).sort(), [
      "POST /v1/acl/logout login-1",
      "POST /v1/acl/logout login-2",
    ]);
  }));

test("a login whose token is refused is made again", () =>
  scene(login, async ({ consul, source, write }) => {
    await write("bearer");
    await source.read(query);
    consul.accepted.clear();
    await source.read(query);
    assertEquals(consul.asked, [
      "POST /v1/acl/login",
      `${READ} login-1`,
      `${READ} login-1`,
      "POST /v1/acl/login",
      `${READ} login-2`,
    ]);
  }));

test("a login that fails says why, without the bearer token, and is not repeated for each watch", () =>
  scene(login, async ({ clock, consul, source, write }) => {
    await write("s3cr3t");
    consul.answerLogin = () => new Response("Permission denied for s3cr3t", { status: 403 });
    const failures = [1, 2, 3].map(() => failureOf(source.read(query)) as Promise<PilotedError>);
    for (const { code, message, status } of await Promise.all(failures)) {
      assertEquals([code, status], ["REGISTRY_DENIED", 403]);
      assertStringIncludes(
        message,
        'Cannot log in to Consul at http://c:1 with auth method "k8s": received 403 "Permission',
      );
      assert(!message.includes("s3cr3t"));
    }
    await failureOf(source.read(query));
    assertEquals(consul.logins.length, 1);
    consul.answerLogin = undefined;
    await clock.advance(1_000);
    await source.read(query);
    consul.answerLogin = () => Response.json({});
    consul.accepted.clear();
    const odd = await failureOf(source.read(query));
    assertStringIncludes(odd.message, "the response has no SecretID");
  }));

test("a login that cannot be renewed uses its token as long as that is good", () =>
  scene(login, async ({ clock, consul, source, write }) => {
    consul.ttlMs = 60_000;
    await write("bearer");
    await source.read(query);
    consul.answerLogin = () => new Response("No cluster leader", { status: 500 });
    await clock.advance(45_000);
    await source.read(query);
    await clock.advance(15_000);
    const error = await failureOf(source.read(query)) as PilotedError;
    assertEquals([error.code, error.status], ["REGISTRY_UNREACHABLE", 500]);
  }));

test("ConsulSource sends basic authentication, namespace and partition", async () => {
  const asked: [string, string | null][] = [];
  const source = new ConsulSource({
    url: "http://c:1",
    httpAuth: new Secret("me:pässword"),
    namespace: "team a",
    partition: "p",
    fetch: (input, init) => {
      asked.push([String(input), new Headers(init?.headers).get("Authorization")]);
      return Promise.resolve(Response.json([]));
    },
  });
  await source.read(query);
  await source.read(query, { consistency: "default" });
  const authorization = "Basic bWU6cMOkc3N3b3Jk";
  assertEquals(asked, [
    ["http://c:1/v1/health/service/app?stale&ns=team%20a&partition=p", authorization],
    ["http://c:1/v1/health/service/app?ns=team%20a&partition=p", authorization],
  ]);
  assert(!inspect(source, { showHidden: true, depth: 5 }).includes("pässword"));
});
