import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { variableOf } from "../../src/config/static_config.ts";
import { PilotedError } from "../../src/errors.ts";
import { test } from "../support/test.ts";

const WATCHES = [{ name: "customers" }, { name: "order-items" }];
const load = (fields: object, env: Record<string, string> = {}) =>
  resolveConfig({ consul: "consul:8500", watches: WATCHES, ...fields }, { env });

test("variableOf() writes a service's name in capitals, with _ for what is no letter or digit", () => {
  assertEquals(variableOf("customers"), "PILOTED_STATIC_CUSTOMERS");
  assertEquals(variableOf("order-items.v2"), "PILOTED_STATIC_ORDER_ITEMS_V2");
});

test("static: addresses and objects become endpoints, and each override is a warning", async () => {
  const { static: overrides, warnings } = await load({
    static: {
      Customers: ["127.0.0.1:3000", { address: "db.local", port: 1, tags: ["a"], weight: 3 }],
    },
  });
  assertEquals(Object.keys(overrides!), ["customers"]);
  const { origin, endpoints } = overrides!.customers!;
  assertEquals(origin, "static");
  assertEquals(endpoints.map(({ host, weight, tags, status }) => [host, weight, tags, status]), [
    ["127.0.0.1:3000", 1, [], "passing"],
    ["db.local:1", 3, ["a"], "passing"],
  ]);
  assertEquals(warnings.map(({ at }) => at), ["static.Customers"]);
  assertMatch(warnings[0]!.message, /overrides Consul: customers is 2 endpoints/);
});

test("static: a variable wins over the document, and several addresses have commas between them", async () => {
  const { static: overrides, warnings } = await load(
    { static: { "order-items": ["127.0.0.1:1"] } },
    {
      PILOTED_STATIC_ORDER_ITEMS: " [::1]:80 , localhost:81 ",
      PILOTED_STATIC_CUSTOMERS: "",
      PILOTED_STATIC_OTHER: "127.0.0.1:9",
    },
  );
  assertEquals(Object.keys(overrides!), ["order-items"]);
  const { origin, endpoints } = overrides!["order-items"]!;
  assertEquals(origin, "$PILOTED_STATIC_ORDER_ITEMS");
  assertEquals(endpoints.map(({ host }) => host), ["[::1]:80", "localhost:81"]);
  assertEquals(warnings.at(-1)!.at, "$PILOTED_STATIC_ORDER_ITEMS");
});

test("static: nothing is overridden without any, and unwatched names are left out with a warning", async () => {
  assertEquals((await load({})).static, undefined);
  const { static: overrides, warnings } = await load({ static: { custmers: ["127.0.0.1:1"] } });
  assertEquals(overrides, undefined);
  assertMatch(warnings[0]!.message, /is not watched, and is left out, did you mean "customers"/);
});

for (
  const [fields, env, problem] of [
    [{ static: [] }, {}, /static must be an object of addresses by service/],
    [{ static: { customers: [] } }, {}, /static\.customers must name an address/],
    [{ static: { customers: "" } }, {}, /static\.customers\[0\] must be "address:port"/],
    [{ static: { customers: ["127.0.0.1"] } }, {}, /static\.customers\[0\] must be "address:port"/],
    [{ static: { customers: ["10.0.0.256:1"] } }, {}, /is no endpoint: the address/],
    [{ static: { customers: ["a:0"] } }, {}, /is no endpoint: the port must be 1 to 65535/],
    [{ static: { customers: [{ adress: "a", port: 1 }] } }, {}, /did you mean "address"/],
    [{}, { PILOTED_STATIC_CUSTOMERS: "127.0.0.1:1,x" }, /\$PILOTED_STATIC_CUSTOMERS must be/],
  ] as const
) {
  test(`static: ${JSON.stringify([fields, env])} is refused`, async () => {
    const error = await assertRejects(() => load(fields, env), PilotedError);
    assertEquals(error.code, "CONFIG_INVALID");
    assertMatch(error.message, problem);
  });
}

test("static: of a loaded configuration it is kept when the configuration is spread", async () => {
  const loaded = await load({ static: { customers: ["127.0.0.1:3000"] } });
  const again = await resolveConfig({ ...loaded, watches: loaded.watches }, { env: {} });
  assertEquals(again.static, loaded.static);
});
