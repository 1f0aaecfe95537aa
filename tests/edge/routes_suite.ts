/** What the routes respond with an on-demand client, on every runtime. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { EmbeddedConsul } from "../../src/testing/mod.ts";
import { waitUntil } from "../support/wait_until.ts";

/** Services that the server must watch. */
export const SERVICES = ["customers", "orders"];

/**
 * Sends a request to every route.
 *
 * @param url URL of the server; it has received no request yet except for liveness.
 * @param consul Its Consul, empty.
 */
export async function checkOnDemand(
  url: string,
  consul: EmbeddedConsul,
  hasMetrics = true,
): Promise<void> {
  const get = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const host = async (path: string) => JSON.parse((await get(path)).text).host;
  const queryCount = () =>
    consul.requests.filter(({ path }) => path === "/v1/health/service/customers").length;
  for (const number of [1, 2]) {
    consul.register({
      name: "customers",
      id: `customers-${number}`,
      address: `10.0.0.${number}`,
      port: 80,
      tags: [`v${number}`],
      status: "passing",
    });
  }

  // The first lookups share one query; later ones use the cache.
  const first = await Promise.all(
    Array.from({ length: 6 }, () => host("/v1/services/customers/endpoint")),
  );
  assertEquals(new Set(first).size, 2);
  assertEquals(await host("/v1/services/customers/endpoint?tag=v2"), "10.0.0.2:80");
  assertEquals(queryCount(), 1);

  const list = await get("/v1/services/customers");
  assertEquals(JSON.parse(list.text).endpoints.length, 2);
  const again = await fetch(`${url}/v1/services/customers`, {
    headers: { "if-none-match": list.headers.get("etag")! },
  });
  assertEquals([again.status, await again.text()], [304, ""]);
  assertEquals((await get("/health/ready")).status, 200);
  assertEquals(JSON.parse((await get("/v1/services")).text).services.length, 2);
  assertEquals(JSON.parse((await get("/v1/status")).text).state, "ready");
  assertEquals((await get("/v1/services/orders/endpoint")).status, 503);
  assertEquals((await get("/v1/services/none")).status, 404);
  assertEquals((await get("/v1/events")).status, 501);
  assertEquals(JSON.parse((await get("/openapi.json")).text).openapi, "3.1.0");
  const metrics = await get("/metrics");
  if (hasMetrics) {
    assertStringIncludes(metrics.text, 'piloted_picks_total{service="customers"} 7');
  } else {
    assertEquals([metrics.status, JSON.parse(metrics.text).code], [503, "LOAD_FAILED"]);
  }
  assertStringIncludes((await get("/")).text, "10.0.0.1:80");
  const redirect = await fetch(`${url}/v1/services/customers/redirect/a?b=c`, {
    redirect: "manual",
  });
  assertStringIncludes(redirect.headers.get("location")!, "/a?b=c");
  await redirect.text();

  // A refresh reads what is not in the cache yet.
  consul.deregister("customers-1");
  const refresh = await fetch(`${url}/v1/refresh`, { method: "POST" });
  assertEquals(JSON.parse(await refresh.text()).services[0].endpointCount, 1);
  assertEquals(await host("/v1/services/customers/endpoint"), "10.0.0.2:80");

  // A stale list is used at first while the new one is read.
  consul.deregister("customers-2");
  await waitUntil(async () => (await get("/v1/services/customers/endpoint")).status === 503);
}
