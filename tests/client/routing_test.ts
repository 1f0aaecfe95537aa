import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { isPilotedError } from "../../src/any_piloted_error.ts";
import { createFetch } from "../../src/client/create_fetch.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

function consulWith(...versions: string[]): EmbeddedConsul {
  const consul = new EmbeddedConsul();
  versions.forEach((version, i) => register(consul, `app-${i}`, `10.0.0.${i + 1}`, 80, version));
  return consul;
}

function register(
  consul: EmbeddedConsul,
  id: string,
  address: string,
  port: number,
  version: string,
): void {
  const meta = version === "" ? {} : { version };
  consul.register({ id, name: "Grüße-App", address, port, tags: [`Tag-${version}`], meta });
}

function start(consul: EmbeddedConsul, options: PilotedOptions = {}): Promise<Piloted> {
  return createPiloted({
    config: { consul: "127.0.0.1:8500", watches: [{ name: "Grüße-App", as: "App" }] },
    fetch: consul.fetch,
    signals: false,
    ...options,
  });
}

function failure(call: () => unknown): { code: string; message: string; filter?: unknown } {
  try {
    call();
  } catch (error) {
    if (isPilotedError(error)) return error;
    throw error;
  }
  throw new Error("It did not throw");
}

test("A filter that matches nothing is NO_ENDPOINTS, which names it and what there is", async () => {
  await using piloted = await start(consulWith("1", "2", ""));
  assertEquals(piloted.pick("app", { version: "2" }).id, "app-1");
  assertEquals(piloted.pick("app", { tags: ["TAG-1"] }).id, "app-0");
  assertEquals(piloted.acquire("App", { meta: { version: "2" } }).endpoint.id, "app-1");
  for (
    const call of [
      () => piloted.pick("app", { version: "3", tags: ["tag-1"] }),
      () => piloted.acquire("app", { version: "3", tags: ["tag-1"] }),
    ]
  ) {
    const error = failure(call);
    assertEquals([error.code, error.filter], ["NO_ENDPOINTS", { tags: ["tag-1"], version: "3" }]);
    assertEquals(
      error.message,
      'Cannot pick an endpoint of "App": none of its 3 endpoints matches tag "tag-1", version "3"; ' +
        'tags there are: "Tag-1", "Tag-2", "Tag-"; versions there are: "1", "2"',
    );
  }
  const excluded = failure(() => piloted.pick("app", { version: "1", exclude: () => true }));
  assert(excluded.message.includes('every endpoint that matches version "1" is excluded'));
  const all = failure(() => piloted.pick("app", { exclude: () => true }));
  assertEquals([all.code, all.filter], ["NO_ENDPOINTS", undefined]);
  assertThrows(
    () => piloted.pick("app", { versions: "1" } as never),
    TypeError,
    "Did you mean version?",
  );
  assertEquals(failure(() => piloted.pick("none", { version: "1" })).code, "UNKNOWN_SERVICE");
  assertEquals(failure(() => piloted.pick("none")).filter, undefined);
});

test("Filters and splits follow the registry: values that go, come, and are in maintenance", async () => {
  const consul = consulWith("stable", "stable", "canary");
  await using piloted = await start(consul, {
    split: { APP: { version: { stable: 0.5, canary: 0.5, gone: 9 } } },
  });
  const versions = (options?: { key?: string }) =>
    [...new Set(Array.from({ length: 60 }, () => piloted.pick("app", options).meta.version))]
      .sort();
  const becomes = (...expected: string[]) => waitUntil(() => versions().join() === expected.join());
  assertEquals(versions(), ["canary", "stable"]);
  assertEquals(versions({ key: "user" }).length, 1);
  assertEquals((await piloted.service("app")).service, "Grüße-App");
  consul.deregister("app-2");
  await becomes("stable");
  const error = failure(() => piloted.pick("app", { version: "canary" }));
  assert(error.message.includes('version "canary" and the split by meta.version'), error.message);
  register(consul, "app-3", "10.0.0.9", 80, "canary");
  await becomes("canary", "stable");
  consul.maintenance("app-3", true);
  await becomes("stable");
  consul.deregister("app-0");
  consul.deregister("app-1");
  register(consul, "app-4", "10.0.0.4", 80, "");
  await waitUntil(() => piloted.serviceHosts("app").some(({ id }) => id === "app-4"));
  await waitUntil(() => piloted.serviceHosts("app").every(({ meta }) => meta.version !== "stable"));
  const none = failure(() => piloted.pick("app"));
  assertEquals([none.code, none.filter], ["NO_ENDPOINTS", undefined]);
  assert(
    none.message.includes('the split by meta.version ("stable", "canary", "gone")'),
    none.message,
  );
});

test("With mode on-demand filters, splits and subsets are the same", async () => {
  const piloted = await start(consulWith(...Array.from({ length: 12 }, (_, i) => `${i % 3}`)), {
    mode: "on-demand",
    subset: { size: 2, key: "k" },
    split: { app: { version: { "0": 1, "1": 1 } } },
  });
  await piloted.service("app");
  const picked = Array.from({ length: 100 }, () => piloted.pick("app"));
  assertEquals([...new Set(picked.map(({ meta }) => meta.version))].sort(), ["0", "1"]);
  // Two of each value.
  assertEquals(new Set(picked.map(({ id }) => id)).size, 4);
  assertEquals(piloted.serviceHosts("app").length, 12);
  await piloted.close();
});

test("createPiloted() checks split and subset", async () => {
  const wrong: [PilotedOptions, ErrorConstructor, string][] = [
    [{ split: { app: { version: { a: -1 } } } }, RangeError, 'split of createPiloted() for "app"'],
    [
      { split: { version: { a: 1 } } as never },
      TypeError,
      'split of createPiloted() for "version"',
    ],
    [{ split: "app" as never }, TypeError, "split of createPiloted(): it must be an object"],
    [
      { subset: { size: 0 } },
      RangeError,
      "size of subset of createPiloted(): it must be at least 1",
    ],
    [
      { subset: {} as never },
      TypeError,
      "size of subset of createPiloted(): it must be a whole number",
    ],
    [{ subset: { size: 2, key: 5 as never } }, TypeError, "key of subset of createPiloted()"],
  ];
  for (const [options, kind, message] of wrong) {
    await assertRejects(() => start(consulWith("1"), options), kind, message);
  }
});

test("fetch sends to real backends by filter, split and route, and retries within the filter", async () => {
  const consul = new EmbeddedConsul();
  const requests: string[] = [];
  const servers: Server[] = [];
  for (const [id, version] of [["a", "1"], ["b", "1"], ["c", "2"]] as const) {
    const server = createServer((request, response) => {
      requests.push(`${id} ${request.method}`);
      request.resume();
      response.writeHead(request.url === "/fail" && id !== "c" ? 503 : 200).end(id);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    register(consul, id, "127.0.0.1", (server.address() as AddressInfo).port, version);
  }
  const piloted = await start(consul);
  const fetch = createFetch(piloted, {
    backoffMaxMs: 1,
    split: { version: { "1": 100 } },
    routes: [{ method: "POST", path: "/fail", retry: "always" }],
  });
  const send = async (path: string, init: Parameters<typeof fetch>[1] = {}) => {
    requests.length = 0;
    const response = await fetch(`http://APP${path}`, init);
    await response.text();
    return [response.status, requests.map((request) => request.slice(0, 1)).join("")] as const;
  };
  for (let i = 0; i < 10; i++) assert(/^[ab]$/.test((await send("/"))[1]));
  const two = { piloted: { split: { version: { "2": 1 } } } };
  assertEquals(await send("/", two), [200, "c"]);
  // Both of version 1 fail: the third attempt is at one of them again, and never at c.
  for (const init of [{}, { method: "POST", body: "x" }]) {
    const [status, order] = await send("/fail", init);
    assertEquals(status, 503);
    assert(/^(aba|abb|bab|baa)$/.test(order), order);
  }
  const error = await fetch("http://app/", { piloted: { tags: ["tag-2"] } }).catch((error) =>
    error
  );
  assertEquals([error.code, error.filter], ["NO_ENDPOINTS", { tags: ["tag-2"] }]);
  await piloted.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
