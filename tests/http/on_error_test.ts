import { assert, assertEquals } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { routes, service } from "../../src/http/mod.ts";
import { test } from "../support/test.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

const A = endpoint("app", 1);
const BUG = new Error("a bug with a secret");

/** Lets a method of a client throw. */
function breakMethod(
  client: FakeClient,
  method: "pick" | "serviceHosts" | "status",
  error: unknown = BUG,
): void {
  client[method] = () => {
    throw error;
  };
}

function sample(): FakeClient {
  return new FakeClient().set("app", [A]);
}

for (const [name, create] of [["routes()", routes], ["service()", service]] as const) {
  test(`${name} gives the error behind a 500 to onError, and not to the client`, async () => {
    const cases = [
      ["pick", "/v1/services/app/endpoint"],
      ["serviceHosts", "/v1/services/app"],
      ["status", "/v1/status"],
      ["status", "/metrics"],
    ] as const;
    for (const [method, path] of cases) {
      const seen: [unknown, string][] = [];
      const client = sample();
      const app = create(client, {
        onError: (error, request) => void seen.push([error, new URL(request.url).pathname]),
      });
      breakMethod(client, method);
      const body = await assertProblem(await app.request(path), 500);
      assertEquals(JSON.stringify(body).includes("secret"), false);
      assertEquals(seen, [[BUG, path]]);
    }
  });

  test(`${name} calls onError for no other status`, async () => {
    const seen: unknown[] = [];
    const client = new FakeClient().set("app", [A]).set("none", []);
    const app = create(client, { onError: (error) => void seen.push(error) });
    const paths = ["none/endpoint", "other", "app?index=x", "app/endpoint?tag=x", "app/nothing"];
    for (const path of paths) assert((await app.request(`/v1/services/${path}`)).status >= 400);
    await client.close();
    assertEquals((await app.request("/v1/services/app")).status, 503);
    assertEquals(seen, []);
  });

  test(`${name} responds although onError throws`, async () => {
    const client = sample();
    breakMethod(client, "pick");
    const app = create(client, {
      onError: () => {
        throw new Error("a broken hook");
      },
    });
    await assertProblem(await app.request("/v1/services/app/endpoint"), 500);
  });

  test(`${name} reports a PilotedError that has no status of its own`, async () => {
    const error = new PilotedError("LISTENER_FAILED", "Cannot finish a listener: it threw");
    const seen: unknown[] = [];
    const client = sample();
    breakMethod(client, "pick", error);
    const app = create(client, { onError: (each) => void seen.push(each) });
    const response = await app.request("/v1/services/app/endpoint");
    await assertProblem(response, 500, { code: "LISTENER_FAILED" });
    assertEquals(seen, [error]);
  });
}

test("service() gives the error of a page to onError, and a closed client is a 503", async () => {
  const seen: unknown[] = [];
  const client = sample();
  const app = service(client, { onError: (error) => void seen.push(error) });
  breakMethod(client, "serviceHosts");
  await assertProblem(await app.request("/services/app"), 500);
  assertEquals(seen, [BUG]);
  const closing = sample();
  const other = service(closing, { onError: (error) => void seen.push(error) });
  await closing.close();
  await assertProblem(await other.request("/"), 503, { code: "CLOSED" });
  assertEquals(seen.length, 1);
});

test("a 503 says why there is no endpoint, with counts", async () => {
  const critical = [1, 2].map((number) => endpoint("app", number, { status: "critical" }));
  const app = routes(new FakeClient().set("app", critical));
  for (const query of ["", "?tag=blue"]) {
    const response = await app.request(`/v1/services/app/endpoint${query}`);
    const body = await assertProblem(response, 503, {
      code: "NO_ENDPOINTS",
      detail: 'Cannot pick an endpoint of "app": 2 instances, all critical',
    });
    assertEquals(body.instances, {
      listed: 2,
      passing: 0,
      warning: 0,
      critical: 2,
      maintenance: 0,
      skipped: 0,
    });
  }
});
