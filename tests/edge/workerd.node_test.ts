/** The Worker of examples/ in workerd, which the npm package of that name brings. */
import { assertEquals } from "@std/assert";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { checkOnDemand, SERVICES } from "./routes_suite.ts";
import { COMPATIBILITY_DATES, withWorker } from "./workerd.ts";

const WORKER = "examples/cloudflare_worker.ts";

for (const [date, hasMetrics] of COMPATIBILITY_DATES) {
  test(`the same routes run unchanged in workerd with the compatibility date ${date}`, async () => {
    await using consul = new EmbeddedConsul();
    const { url: CONSUL_HTTP_ADDR } = await consul.listen();
    const env = { CONSUL_HTTP_ADDR, SERVICES: SERVICES.join(",") };
    await withWorker(WORKER, env, (url) => checkOnDemand(url, consul, hasMetrics), date);
  });
}

test("a Worker requires its token, and uses the last good list during an outage of Consul", async () => {
  const consul = new EmbeddedConsul();
  const agent = await consul.listen();
  consul.register({ name: "app", id: "1", address: "10.0.0.1", port: 80, status: "passing" });
  const env = { CONSUL_HTTP_ADDR: agent.url, SERVICES: "app", PILOTED_TOKEN: "secret" };
  await withWorker(WORKER, env, async (url) => {
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(`${url}/v1/services/app/endpoint`, { headers });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await ask({}), 401);
    assertEquals(await ask({ authorization: "Bearer secret" }), 200);
    await consul.close();
    const refresh = await fetch(`${url}/v1/refresh`, {
      method: "POST",
      headers: { authorization: "Bearer secret" },
    });
    const { services } = await refresh.json() as { services: { state: string }[] };
    assertEquals(services[0]!.state, "stale");
    assertEquals(await ask({ authorization: "Bearer secret" }), 200);
  });
});
