import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { environment } from "../../src/runtime/environment.ts";
import { test } from "../support/test.ts";

test("environment() gives the variables of this process", () => {
  process.env.PILOTED_TEST_VARIABLE = "a=b";
  try {
    for (const env of [environment(), environment({ quiet: true })]) {
      assertEquals(env.PILOTED_TEST_VARIABLE, "a=b");
      assert(Object.hasOwn(env, "PILOTED_TEST_VARIABLE"));
      assert("PILOTED_TEST_VARIABLE" in env);
      assert(Object.keys(env).includes("PILOTED_TEST_VARIABLE"));
      assertEquals({ ...env }.PILOTED_TEST_VARIABLE, "a=b");
    }
  } finally {
    delete process.env.PILOTED_TEST_VARIABLE;
  }
});

test("environment() has no property for what is not set, or can't be", () => {
  const env = environment();
  for (const name of ["PILOTED_TEST_NOTHING", "", "a=b", "a\0b", "constructor", "__proto__"]) {
    assert(!Object.hasOwn(env, name), name);
  }
  assertEquals(env.PILOTED_TEST_NOTHING, undefined);
});

test("environment() is empty where a runtime has none", () => {
  const hidden = ["Deno", "process"].map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const
  );
  try {
    for (const [name] of hidden) {
      Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
    }
    assertEquals(Object.keys(environment()), []);
  } finally {
    for (const [name, descriptor] of hidden) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
});
