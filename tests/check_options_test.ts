import { assertEquals, assertThrows } from "@std/assert";
import { checkOptions, closest, type OptionRule } from "../src/check_options.ts";
import { test } from "./support/test.ts";

const rules: Record<string, OptionRule> = {
  timeoutMs: { type: "number", min: 0, max: 10 },
  openMs: { type: "number", min: 1 },
  retry: { type: "one-of", values: ["never", "always"] },
  fetch: { type: "function" },
  strict: { type: "boolean" },
  name: { type: "string" },
  nested: { type: "object" },
  anything: { type: "any" },
};

test("checkOptions() takes what fits, and undefined for left out", () => {
  checkOptions("call()", {}, rules);
  checkOptions("call()", {
    timeoutMs: 10,
    openMs: Infinity,
    retry: "never",
    fetch: () => {},
    strict: false,
    name: "",
    nested: {},
    anything: Symbol(),
  }, rules);
  checkOptions(
    "call()",
    Object.fromEntries(Object.keys(rules).map((key) => [key, undefined])),
    rules,
  );
});

const REFUSED: readonly [unknown, typeof TypeError | typeof RangeError, string][] = [
  [null, TypeError, "they must be an object, received null"],
  [[], TypeError, "received a list"],
  [() => {}, TypeError, "received a function"],
  ["text", TypeError, 'received "text"'],
  [
    { timeoutms: 1 },
    TypeError,
    "option timeoutms of call(): there is no such option. Did you mean timeoutMs?",
  ],
  [{ timeout: 1 }, TypeError, "Did you mean timeoutMs?"],
  [{ retries: 1 }, TypeError, "Did you mean retry?"],
  [{ constructor: 1 }, TypeError, "the options are timeoutMs, openMs"],
  [{ timeoutMs: "5" }, TypeError, 'option timeoutMs of call(): it must be a number, received "5"'],
  [{ timeoutMs: NaN }, TypeError, "a number, received NaN"],
  [{ timeoutMs: 11 }, RangeError, "it must be 0 to 10, received 11"],
  [{ openMs: 0 }, RangeError, "it must be at least 1, received 0"],
  [{ retry: "alway" }, TypeError, "one of never, always (did you mean always?), received"],
  [{ fetch: 1 }, TypeError, "it must be a function, received 1"],
  [{ strict: "yes" }, TypeError, 'it must be a boolean, received "yes"'],
  [{ nested: null }, TypeError, "it must be an object, received null"],
];

for (const [options, kind, message] of REFUSED) {
  test(`checkOptions() refuses ${JSON.stringify(options) ?? typeof options}: ${message}`, () => {
    assertThrows(() => checkOptions("call()", options, rules), kind, message);
  });
}

test("closest() finds the word that was meant, and nothing where none is near", () => {
  assertEquals(closest("custmers", ["orders", "customers"]), "customers");
  assertEquals(closest("CUSTOMERS", ["customers"]), "customers");
  assertEquals(closest("x", ["customers"]), undefined);
  assertEquals(closest("zebra", ["customers", "orders"]), undefined);
});
