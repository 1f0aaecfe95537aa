import { assertEquals, assertThrows } from "@std/assert";
import { hostEnd, hostStart, plainUrl } from "../../src/fetch/service_url.ts";
import { test } from "../support/test.ts";

function host(url: string): string | undefined {
  const start = hostStart(url);
  const end = start < 0 ? -1 : hostEnd(url, start);
  return end < 0 ? undefined : url.slice(start, end);
}

test("hostStart() and hostEnd() find the host that is followed by a path, a query, a fragment or nothing", () => {
  for (const rest of ["", "/", "/a/b?c#d", "?q=/", "#f"]) {
    assertEquals(host(`http://customers${rest}`), "customers");
    assertEquals(host(`https://my-app_2.internal${rest}`), "my-app_2.internal");
  }
});

test("hostEnd() leaves ports, credentials, IPv6 and everything odd to the parser", () => {
  const odd = [
    "http://customers:80/",
    "http://user@customers/",
    "http://[::1]/",
    "http://cust%6fmers/",
    "http://kunden\u00e4/",
    "http:///customers",
    "http://cust\tomers/",
    "http://customers\\a",
    "http://",
  ];
  for (const url of odd) assertEquals(host(url), undefined);
  assertEquals(hostStart("HTTP://customers/"), -1);
  assertEquals(hostStart("ftp://customers/"), -1);
  assertEquals(hostStart("/orders"), -1);
});

const plainUrlOf = (url: string) => plainUrl(url, (host) => host === "customers");

test("plainUrl() writes odd URLs as the platform reads them", () => {
  assertEquals(plainUrlOf(" HTTP:\\\\Customers:80\\a b"), "http://customers/a%20b");
  assertEquals(plainUrlOf("https:customers:443"), "https://customers/");
  assertEquals(plainUrlOf("http://cust\tomers/"), "http://customers/");
});

test("plainUrl() knows what can't be a service's", () => {
  for (
    const url of ["http://others:8080/", "ftp://customers/", "data:,x", "/orders", "http://"]
  ) {
    assertEquals(plainUrlOf(url), undefined);
  }
});

test("plainUrl() refuses user names and passwords, as the platform's fetch does", () => {
  assertThrows(() => plainUrlOf("http://me@customers/"), TypeError, "user name");
  assertThrows(() => plainUrlOf("http://:secret@customers/"), TypeError, "user name");
});

test("plainUrl() explains why a service has no port", () => {
  assertThrows(() => plainUrlOf("http://customers:8080/"), TypeError, "leave out :8080");
});
