import { assert } from "@std/assert";
import { isSameConsul } from "../../src/access/same_consul.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { test } from "../support/test.ts";

test("isSameConsul() tells configurations apart whose secrets differ", async () => {
  const text = (token: string, key: string) =>
    `{consul: {address: "c:1", token: "${token}", tls: {clientkey: "${key}"}}}`;
  const consulOf = async (text: string) => (await parseConfig(text)).consul;
  const consul = await consulOf(text("a", "k.pem"));
  assert(isSameConsul(consul, await consulOf(text("a", "k.pem"))));
  assert(!isSameConsul(consul, await consulOf(text("b", "k.pem"))));
  assert(!isSameConsul(consul, await consulOf(text("a", "l.pem"))));
});
