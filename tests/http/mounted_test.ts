import { assert, assertEquals, assertMatch } from "@std/assert";
import { Hono } from "hono";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { service } from "../../src/http/mod.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

const HTML = { accept: "text/html" };
const TOKEN = "a-long-secret";

type Get = (path: string, headers?: Record<string, string>) => Promise<Response>;

/** The service below a path of an application that has routes of its own beside it. */
async function withMounted(
  [pattern, mount]: readonly [pattern: string, mount: string],
  token: string | undefined,
  run: (get: Get, app: Hono) => Promise<void>,
): Promise<void> {
  const consul = new EmbeddedConsul();
  consul.register({ name: "customers", id: "a", address: "10.0.0.1", port: 8080 });
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "customers" }] },
    fetch: consul.fetch,
    signals: false,
  });
  const app = new Hono()
    .route(pattern, service(piloted, { token }))
    .get(`${pattern}/own`, (c) => c.text("own"));
  try {
    await run(
      async (path, headers = HTML) =>
        await app.request(`http://app.example${mount}${path}`, { headers }),
      app,
    );
  } finally {
    await piloted.close();
    await consul.close();
  }
}

/** Where a browser goes from a page by its first link to a file and to a service. */
async function linksOf(response: Response, at: string): Promise<(string | undefined)[]> {
  const text = await response.text();
  return [/href="([^"]*assets\/style[^"]*)"/, /href="([^"?#]*services\/customers)"/].map((link) => {
    const found = link.exec(text)?.[1];
    return found === undefined ? undefined : new URL(found, `http://app.example${at}`).pathname;
  });
}

const MOUNTS = [
  ["/discovery", "/discovery"],
  ["/a/b/c", "/a/b/c"],
  // The pattern is longer than the path, and shorter.
  ["/:organisation/discovery", "/acme/discovery"],
  ["/:o/d", "/an-organisation/d"],
] as const;

for (const [pattern, mount] of MOUNTS) {
  test(`service() below ${pattern} as ${mount}: links lead to its own routes, with and without the last slash`, () =>
    withMounted([pattern, mount], undefined, async (get) => {
      const own = [`${mount}/assets/style`, `${mount}/services/customers`];
      for (const path of ["", "/", "/services/nope"]) {
        const response = await get(path);
        assertEquals(response.status, path === "/services/nope" ? 404 : 200, path);
        assertEquals((await linksOf(response, mount + path))[0], own[0], path);
      }
      for (const path of ["", "/"]) {
        assertEquals(await linksOf(await get(path), mount + path), own, path);
      }
      for (
        const [path, target] of [["/services/customers/", "/services/customers"], [
          "/v1/services///",
          "/v1/services",
        ]]
      ) {
        const response = await get(`${path}?a=1`);
        assertEquals(response.status, 308);
        const location = new URL(
          response.headers.get("location")!,
          `http://app.example${mount}${path}`,
        );
        assertEquals(location.href, `http://app.example${mount}${target}?a=1`);
      }
      assertEquals(await (await get("/own")).text(), "own");
      assertEquals((await get("/nope/")).status, 308);
      const page = await (await get("/services/customers")).text();
      assertMatch(page, new RegExp(`http://app\\.example${mount}/v1/services/customers/endpoint`));
      const events = await get("/v1/events", { accept: "text/event-stream" });
      assertEquals(events.headers.get("content-type"), "text/event-stream");
      await events.body?.cancel();
    }));

  test(`service() below ${pattern} as ${mount} with a token: liveness, the form and its files are open, nothing else`, () =>
    withMounted([pattern, mount], TOKEN, async (get, app) => {
      for (const path of ["/health/live", "/assets/style"]) {
        assertEquals((await get(path)).status, 200, path);
      }
      for (
        const path of [
          "",
          "/",
          "/v1/services",
          "/health/ready",
          "/services/customers",
          "/services/login",
          "/x/login",
          "/nope",
        ]
      ) {
        const response = await get(path);
        assertEquals(response.status, 401, path);
        const text = await response.text();
        const form = /action="([^"]*)"/.exec(text)?.[1];
        assert(form !== undefined, path);
        assertEquals(new URL(form, `http://app.example${mount}${path}`).pathname, `${mount}/login`);
      }
      assertEquals((await get("/v1/services", { authorization: `Bearer ${TOKEN}` })).status, 200);
      const signedIn = await app.request(`http://app.example${mount}/login`, {
        method: "POST",
        body: `token=${TOKEN}`,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
      assertEquals([signedIn.status, signedIn.headers.get("location")], [303, "./"]);
      const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
      assertEquals((await get("/", { ...HTML, cookie })).status, 200);
      assertEquals((await get("/login")).headers.get("location"), "./");
    }));
}

test("service() with a token below a pattern of any length opens nothing", () =>
  withMounted(["/:any{.+}/discovery", "/a/b/discovery"], TOKEN, async (get) => {
    for (const path of ["/health/live", "/login", "/services/login", "/v1/services"]) {
      assertEquals((await get(path)).status, 401, path);
    }
  }));

test("service(): a path with a slash at its end never leads to another host", async () => {
  const consul = new EmbeddedConsul();
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "customers" }] },
    fetch: consul.fetch,
    signals: false,
  });
  const app = service(piloted);
  for (const path of ["//evil.example/", "//evil.example//", "/javascript:alert(1)/"]) {
    const response = await app.request(`http://app.example${path}`);
    assertEquals(response.status, 308);
    const location = new URL(response.headers.get("location")!, `http://app.example${path}`);
    assertEquals(location.host, "app.example");
  }
  // Not what it was registered for, and no loop.
  assertEquals((await app.request("http://app.example/", { headers: HTML })).status, 200);
  await piloted.close();
  await consul.close();
});
