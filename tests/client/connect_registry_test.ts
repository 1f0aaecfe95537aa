import { assert } from "@std/assert";
import { isSameRegistry } from "../../src/client/connect_registry.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { test } from "../support/test.ts";

test("isSameRegistry() tells configurations apart whose secrets differ", async () => {
  const text = (token: string, key: string) =>
    `{consul: {address: "c:1", token: "${token}", tls: {clientkey: "${key}"}}}`;
  const config = await parseConfig(text("a", "k.pem"));
  assert(isSameRegistry(config, await parseConfig(text("a", "k.pem"))));
  assert(!isSameRegistry(config, await parseConfig(text("b", "k.pem"))));
  assert(!isSameRegistry(config, await parseConfig(text("a", "l.pem"))));
});
