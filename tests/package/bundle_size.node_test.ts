import { assert } from "@std/assert";
import { bundleSize } from "../../scripts/bundle_size.ts";
import { test } from "../support/test.ts";

test("mod.ts: minified and gzipped it loads less than 20 kB without json5", async () => {
  const { atImport } = await bundleSize(["json5"]);
  assert(atImport.gzipped > 1_000 && atImport.gzipped < 20_000, `${atImport.gzipped} bytes`);
});
