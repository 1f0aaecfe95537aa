import { assert, assertEquals } from "@std/assert";
import { checkAddress, describeValue, isPort } from "../src/address.ts";
import { formatHost } from "../src/endpoint.ts";
import { test } from "./support/test.ts";

const accepted: readonly (readonly [given: string, address: string])[] = [
  ["10.0.0.9", "10.0.0.9"],
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["web", "web"],
  ["WEB-1", "WEB-1"],
  ["web_1", "web_1"],
  ["1web", "1web"],
  ["web.example.", "web.example."],
  ["app-1.node.consul", "app-1.node.consul"],
  ["1.2.3.4.example", "1.2.3.4.example"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["2001:db8::1", "2001:db8::1"],
  ["2001:DB8:0:0::1", "2001:DB8:0:0::1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["::1", "::1"],
  ["::ffff:10.0.0.1", "::ffff:10.0.0.1"],
];
for (const [given, address] of accepted) {
  test(`checkAddress() accepts ${given}`, () => {
    assertEquals(checkAddress(given), { address });
    // What it accepts is what a URL makes of it, but for case and the spelling of IPv6.
    const { hostname, pathname } = new URL(`http://${formatHost(address, 80)}/x`);
    assertEquals(pathname, "/x");
    if (!address.includes(":")) assertEquals(hostname, address.toLowerCase());
  });
}

const refused: readonly unknown[] = [
  ...["", "fe80::1%eth0", "[fe80::1%25eth0]", "10.0.0.256", "web.1", "1.2.3.4.5", "010.0.0.1"],
  ...["10.1", "1", "0x7f.1", "web.0x1", "127.0.0.1.", "2130706433", "bücher.example", "１0.0.0.1"],
  ...[
    "10.0.0.1/x",
    "10.0.0.1:80",
    "user@10.0.0.1",
    "http://10.0.0.1",
    "a b",
    "a\tb",
    "a\0b",
    "a#b",
  ],
  ...["a?b", "a\\b", "a%2Fb", "a%b", "[10.0.0.1]", "dead:beef", "1:2:3:4:5:6:7:8:9", "::1%a/b"],
  ...["a<b", "a|b", "a^b", 'a"b', "a`b", "a{b", "a\u00ADb", "xn--a", "a\nb", " a", "a".repeat(254)],
  ...[7, {}, ["10.0.0.1"], true, null, undefined, 0n, Symbol("x")],
];
for (const given of refused) {
  test(`checkAddress() refuses ${describeValue(given).slice(0, 40)}`, () => {
    const { address, why } = checkAddress(given);
    assertEquals(address, undefined);
    assert(why!.startsWith("the address must ") && why!.length < 200, why);
  });
}

test("checkAddress() says what is wrong", () => {
  const why = (given: unknown) => checkAddress(given).why;
  assertEquals(
    why("fe80::1%eth0"),
    'the address must have no zone, which a URL cannot carry, received "fe80::1%eth0"',
  );
  assertEquals(
    why("10.1"),
    'the address must be an IP address or a host name: a URL takes it for 10.0.0.1, received "10.1"',
  );
  assertEquals(why(7), "the address must be an IP address or a host name, received 7");
});

test("checkAddress() is quick with a long text", () => {
  for (const part of ["a", "a.", "1.", ":", "1", "-"]) {
    assertEquals(checkAddress(part.repeat(1_000_000)).address, undefined);
  }
});

test("isPort() is true from 1 to 65535", () => {
  assert([1, 80, 65_535].every(isPort));
  assert(![0, -1, 65_536, 1e100, 80.5, NaN, "80", null, undefined, true, [80]].some(isPort));
});

test("describeValue() takes no longer for a large value", () => {
  const values = ["x".repeat(1e6), { a: "x".repeat(1e6) }, [1, 2], null, undefined, 1e300, () => 1];
  for (const value of values) assert(describeValue(value).length < 80);
});
