import { assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { unusedPackages } from "./unused_packages.ts";

test("unusedPackages() finds what no file imports and no tool is", () => {
  const imported = new Set(["hono/jsx", "json5", "@std/fmt/bytes"]);
  const named = ["hono", "json5", "@std/fmt", "@std/path", "left-pad", "bun"];
  assertEquals(unusedPackages(named, imported, new Set(["bun"])), ["@std/path", "left-pad"]);
  assertEquals(unusedPackages(["bun"], imported), ["bun"]);
});

test("unusedPackages() does not take one name for the beginning of another", () => {
  assertEquals(unusedPackages(["hon", "@std/fm"], new Set(["hono/jsx", "@std/fmt"])), [
    "hon",
    "@std/fm",
  ]);
  assertEquals(unusedPackages(["@std/fmt/bytes"], new Set(["@std/fmt"])), ["@std/fmt/bytes"]);
});
