import { assertEquals } from "@std/assert";
import { isCrossOrigin } from "../../src/http/same_origin.ts";
import { test } from "../support/test.ts";

type Headers = Readonly<Record<string, string>>;

const isCross = (headers: Headers) => isCrossOrigin((name) => headers[name]);
const origin = "https://piloted.example";

const OWN: [string, Headers][] = [
  ["a program", { host: "10.0.0.1:8080" }],
  ["an own page", { host: "piloted.example", origin }],
  ["a default port in Host", { host: "piloted.example:443", origin }],
  ["a Host in capitals", { host: "Piloted.Example", origin }],
  ["IPv6", { host: "[::1]:8080", origin: "http://[::1]:8080" }],
  ["a proxy, by the browser's word", {
    host: "10.0.0.1:8080",
    origin,
    "sec-fetch-site": "same-origin",
  }],
  ["a proxy, by its own", { host: "10.0.0.1:8080", origin, "x-forwarded-host": "piloted.example" }],
  ["two proxies", { host: "inner", origin, "x-forwarded-host": "piloted.example, middle" }],
];
for (const [what, headers] of OWN) {
  test(`isCrossOrigin() accepts ${what}`, () => assertEquals(isCross(headers), false));
}

const FOREIGN: [string, Headers][] = [
  ["another origin", { host: "piloted.example", origin: "https://evil.example" }],
  ["another port", { host: "piloted.example", origin: "https://piloted.example:8443" }],
  ["the origin null", { host: "piloted.example", origin: "null" }],
  ["an origin that is no URL", { host: "x", origin: "x" }],
  ["a proxy that tells nothing", { host: "10.0.0.1:8080", origin }],
  ["another origin through a proxy", {
    host: "inner",
    origin: "https://evil.example",
    "x-forwarded-host": "piloted.example",
  }],
  ["a Host that no URL can have", { host: "[", origin, "x-forwarded-host": "[" }],
  ["an empty Host", { host: "", origin }],
  ["a sister site", { host: "piloted.example", origin, "sec-fetch-site": "same-site" }],
  ["what the browser calls cross-site", {
    host: "piloted.example",
    origin,
    "sec-fetch-site": "cross-site",
  }],
];
for (const [what, headers] of FOREIGN) {
  test(`isCrossOrigin() refuses ${what}`, () => assertEquals(isCross(headers), true));
}
