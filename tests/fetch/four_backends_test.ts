import { assert, assertEquals } from "@std/assert";
import { fourBackends, printable } from "../../bench/fetch/four_backends.ts";
import { test } from "../support/test.ts";

test("createFetch() answers every GET while backends are late, killed, and restarted one by one", async () => {
  const result = await fourBackends();
  console.log(printable(result));
  assertEquals(result.balanced.failures, []);
  assert(result.balanced.requests >= 700);
});
