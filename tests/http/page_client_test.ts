/** The pages on a real client over the embedded Consul. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createFetch } from "../../src/client/create_fetch.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { FetchMetrics, service } from "../../src/http/mod.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

test("a service's page shows what requests have learned, and what Consul's checks say", async () => {
  const consul = new EmbeddedConsul();
  for (const number of [1, 2, 3]) {
    consul.register({ name: "app", id: `app-${number}`, address: `10.0.0.${number}`, port: 80 });
  }
  consul.setStatus("app-3", "critical", "GET /health: 500 <no database>");
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app", interval: 5 }] },
    fetch: consul.fetch,
    balancer: "round-robin",
    outliers: { consecutiveFailures: 2 },
  });
  try {
    const fetchMetrics = new FetchMetrics();
    const app = service(piloted, { fetchMetrics });
    const fetch = createFetch(piloted, {
      observer: fetchMetrics,
      fetch: (input) => {
        const isBroken = String(input instanceof Request ? input.url : input).includes("10.0.0.2");
        return Promise.resolve(new Response(null, { status: isBroken ? 503 : 200 }));
      },
    });
    for (let i = 0; i < 20; i++) await (await fetch("http://app/")).text();
    const html = await (await app.request("/services/app")).text();
    assertMatch(html, /Success rate<\/dt><dd>9\d(\.\d)? % of 2\d attempts/);
    assertMatch(html, /Ejected now<\/dt><dd>1 of 2/);
    assertMatch(html, /10\.0\.0\.2:80<.*?badge ejected/s);
    assertStringIncludes(html, "GET /health: 500 &lt;no database&gt;");
    const headings = [...html.matchAll(/scope="col"[^>]*>([^<]+)/g)].map(([, text]) => text);
    assertEquals(["Expected latency", "Ejections"].every((each) => headings.includes(each)), true);
    const overview = await (await app.request("/?show=ejected")).text();
    assertStringIncludes(overview, "1 of 2 endpoints ejected");
  } finally {
    await piloted.close();
    await consul.close();
  }
});
