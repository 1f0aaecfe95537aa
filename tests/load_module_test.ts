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

test("loadModule() names the package that is not installed, as each runtime words it", async () => {
  for (
    const [why, name] of [
      ["Cannot find package 'hono' imported from /app/x.js", "hono"],
      ["Cannot find module '@hono/node-server' from '/app/x.js'", "@hono/node-server"],
      ["Cannot find package 'hono/cors' imported from /app/x.js", "hono"],
      [`Import "valibot" not a dependency and not in import map`, "valibot"],
    ] as const
  ) {
    const error = await loadModule(() => Promise.reject(new Error(why))).catch((error) => error);
    assertEquals(error.code, "LOAD_FAILED");
    assertMatch(error.message, new RegExp(`the package ${name} is not installed; .*${name}$`));
  }
  // A file of Piloted itself.
  const own = new Error(
    "Cannot find module '/app/node_modules/@piloted/core/x.js' imported from y",
  );
  const error = await loadModule(() => Promise.reject(own)).catch((error) => error);
  assertMatch(error.message, /reinstall what is missing/);
});
