import { assertEquals } from "@std/assert";
import { releaseFaults } from "../../scripts/release.ts";
import { test } from "../support/test.ts";

const READY = {
  versions: { "deno.json": "1.2.3", "jsr.json": "1.2.3" },
  changelog: "# Changelog\n\n## [1.2.3] - 2026-12-01\n",
  tag: "v1.2.3",
};

test("releaseFaults() finds none when manifests, changelog and tag agree", () => {
  assertEquals(releaseFaults(READY), []);
  assertEquals(releaseFaults({ ...READY, tag: undefined, changelog: "" }), []);
});

test("releaseFaults() names a manifest, a tag and a changelog that differ", () => {
  assertEquals(
    releaseFaults({ ...READY, versions: { "deno.json": "1.2.3", "jsr.json": "1.2.2" } }),
    ["jsr.json says 1.2.2, deno.json 1.2.3"],
  );
  assertEquals(releaseFaults({ ...READY, tag: "v1.2.4" }), [
    "the tag is v1.2.4, the version 1.2.3",
  ]);
  assertEquals(releaseFaults({ ...READY, changelog: "## [Unreleased]\n" }).length, 1);
  assertEquals(
    releaseFaults({ ...READY, versions: { "deno.json": "1.2" }, tag: "v1.2" }).length,
    2,
  );
});
