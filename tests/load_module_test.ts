import { assertEquals, assertInstanceOf, assertMatch, assertStrictEquals } from "@std/assert";
import { PilotedError } from "../src/errors.ts";
import { loadModule } from "../src/load_module.ts";
import { test } from "./support/test.ts";

test("loadModule() returns the module", async () => {
  assertEquals(await loadModule(() => Promise.resolve({ a: 1 })), { a: 1 });
});

test("loadModule() says what to do when the import fails, and tries again", async () => {
  const cause = Object.assign(new Error("EMFILE: too many open files, open '/x.js'"), {
    code: "EMFILE",
  });
  let failing = true;
  const load = () => failing ? Promise.reject(cause) : Promise.resolve("module");
  const error = await loadModule(load).catch((error) => error);
  assertInstanceOf(error, PilotedError);
  assertEquals(error.code, "LOAD_FAILED");
  assertStrictEquals(error.cause, cause);
  assertMatch(
    error.message,
    /^Cannot load a part of Piloted: EMFILE: too many open files, open '\/x.js'; raise the /,
  );
  assertMatch(error.message, /ulimit -n/);
  failing = false;
  assertEquals(await loadModule(load), "module");
});
