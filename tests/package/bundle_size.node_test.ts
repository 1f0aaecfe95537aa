import { assert } from "@std/assert";
import { bundleSize, LARGEST_AT_IMPORT } from "../../scripts/bundle_size.ts";
import { test } from "../support/test.ts";

test("mod.ts: minified and gzipped it loads less than 19.5 kB without json5", async () => {
  const { atImport, files } = await bundleSize(["json5"]);
  assert(files.has("mod.ts") && files.size > 5, [...files.keys()].join());
  assert(atImport.gzipped > 1_000 && atImport.gzipped < LARGEST_AT_IMPORT, `${atImport.gzipped}`);
});
