/** Watches by pattern, filter, case and tagged address, against a real Consul. */
import { assertEquals } from "@std/assert";
import { createPiloted } from "../../mod.ts";
import { type Consul, skipWithoutConsul, startConsul } from "../support/consul.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

const skip = await skipWithoutConsul();
const consul = (skip ? undefined : await startConsul()) as Consul;

async function register(
  name: string,
  id: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  const service = { Name: name, ID: id, Address: "10.0.0.1", Port: 80, ...more };
  await consul.put("/v1/agent/service/register", service);
}

test("a real Consul is followed by a pattern, while services come and go", { skip }, async () => {
  await register("shop-a", "shop-a");
  await register("Shop-B", "shop-b");
  await register("other", "other");
  await using piloted = await createPiloted({
    config: { consul: consul.url, watches: [{ pattern: "shop-*" }] },
    emptyPolicy: "accept",
    signals: false,
    env: {},
  });
  assertEquals([...piloted.services].sort(), ["Shop-B", "shop-a"]);
  assertEquals(piloted.pick("shop-b").id, "shop-b");
  await register("shop-c", "shop-c");
  await waitUntil(() => piloted.has("shop-c") && piloted.serviceHosts("shop-c").length === 1);
  await consul.put("/v1/agent/service/deregister/shop-a");
  await waitUntil(() => !piloted.has("shop-a"));
});

test(
  "a real Consul reads tags, names, filters and tagged addresses as watches say",
  { skip },
  async () => {
    const TaggedAddresses = { wan: { Address: "198.51.100.7", Port: 443 } };
    await register("Depot", "d1", { Tags: ["Primary"], Meta: { version: "1" }, TaggedAddresses });
    await register("Depot", "d2", { Tags: ["replica"], Meta: { version: "2" } });
    await using piloted = await createPiloted({
      config: {
        consul: consul.url,
        watches: [
          { name: "depot", tag: "primary", as: "primary" },
          { name: "DEPOT", filter: 'Service.Meta.version == "2"', as: "second" },
          { name: "depot", address: "wan", as: "outside" },
        ],
      },
      signals: false,
      env: {},
    });
    const hosts = (name: "primary" | "second" | "outside") =>
      piloted.serviceHosts(name).map(({ id, host }) => `${id} ${host}`).sort();
    assertEquals(hosts("primary"), ["d1 10.0.0.1:80"]);
    assertEquals(hosts("second"), ["d2 10.0.0.1:80"]);
    assertEquals(hosts("outside"), ["d1 198.51.100.7:443", "d2 10.0.0.1:80"]);
  },
);
