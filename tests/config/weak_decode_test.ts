import { assertEquals, assertThrows } from "@std/assert";
import { ConfigFault } from "../../src/config/config_fault.ts";
import {
  decodeBoolean,
  decodeInteger,
  decodeString,
  decodeStrings,
  readFields,
} from "../../src/config/weak_decode.ts";
import { test } from "../support/test.ts";

const at = (value: unknown) => ({ value, path: ["x"] });
const integer = (value: unknown) => decodeInteger(at(value), "must be a number");

// What these tests expect was found by giving the same values to Go's mapstructure 1.5.0 with
// WeaklyTypedInput, which ContainerPilot decodes its file with.

test("decodeInteger() takes Go's integer literals", () => {
  const literals: [string, number][] = [
    ["5", 5],
    ["+5", 5],
    ["-5", -5],
    ["0", 0],
    ["00", 0],
    ["010", 8],
    ["0o17", 15],
    ["0b11", 3],
    ["0x10", 16],
    ["0X1f", 31],
    ["-0x1", -1],
    ["1_000", 1000],
    ["0_7", 7],
    ["0x_7", 7],
    ["", 0],
  ];
  for (const [text, number] of literals) assertEquals(integer(text), number, text);
});

test("decodeInteger() refuses what is no integer of Go's", () => {
  const refused = ["5s", "5.0", " 5", "5 ", "1e2", "_5", "5_", "1__0", "08", "0x", "0b2", "five"];
  for (const value of [...refused, [], [5], {}, () => 5, 5n]) {
    assertThrows(() => integer(value), ConfigFault, "must be a number");
  }
});

test("decodeInteger() cuts off fractions and knows where 64 bits end", () => {
  assertEquals(integer(5.7), 5);
  assertEquals(integer(-5.7), -5);
  assertEquals(integer(1e18), 1e18);
  assertEquals(integer(1e30), NaN);
  assertEquals(integer(Infinity), NaN);
  assertEquals(integer(NaN), NaN);
  assertEquals(integer("9223372036854775808"), NaN);
});

test("decodeInteger() counts a flag, and nothing as 0", () => {
  assertEquals([true, false, null, undefined].map(integer), [1, 0, 0, 0]);
});

test("decodeString() writes numbers as Go does, without an exponent", () => {
  const numbers: [number, string][] = [
    [5, "5"],
    [0, "0"],
    [-0, "-0"],
    [0.1, "0.1"],
    [-12.5, "-12.5"],
    [1.5e-7, "0.00000015"],
    [123456789.125, "123456789.125"],
    [123456789012345680000, "123456789012345680000"],
    [1e21, "1000000000000000000000"],
    [1e300, `1${"0".repeat(300)}`],
    [NaN, "NaN"],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
  ];
  for (const [number, text] of numbers) assertEquals(decodeString(at(number)), text);
});

test("decodeString() takes a flag as 1 or 0, and nothing as empty", () => {
  assertEquals([true, false, null, undefined].map((value) => decodeString(at(value))), [
    "1",
    "0",
    "",
    "",
  ]);
});

test("decodeString() replaces half of a surrogate pair, as Go's UTF-8 does", () => {
  assertEquals(decodeString(at("a\ud800b")), "a\ufffdb");
});

test("decodeString() refuses lists and objects", () => {
  for (const value of [[], ["a"], {}]) {
    assertThrows(() => decodeString(at(value)), ConfigFault, "must be a string");
  }
});

test("decodeBoolean() takes Go's words and any number", () => {
  const decoded: [boolean | undefined, unknown[]][] = [
    [true, [true, 1, 2, NaN, "1", "t", "T", "true", "TRUE", "True"]],
    [false, [false, 0, "0", "f", "F", "false", "FALSE", "False"]],
    [undefined, [null, undefined, ""]],
  ];
  for (const [flag, values] of decoded) {
    for (const value of values) assertEquals(decodeBoolean(at(value)), flag, String(value));
  }
  for (const value of ["yes", "no", "tRUE", "2", [], {}]) {
    assertThrows(() => decodeBoolean(at(value)), ConfigFault, "must be true or false");
  }
});

test("decodeStrings() takes one item for a list of one", () => {
  assertEquals(decodeStrings(at("a")), ["a"]);
  assertEquals(decodeStrings(at(["a", 5, true])), ["a", "5", "1"]);
  assertEquals(decodeStrings(at(null)), []);
  const fault = assertThrows(() => decodeStrings(at(["a", []])), ConfigFault) as ConfigFault;
  assertEquals(fault.target.path, ["x", 1]);
});

test("readFields() finds a key in any case, and the exact one first", () => {
  const { known, unknown } = readFields(at({ TAG: 1, tag: 2, NaMe: 3, odd: 4 }), ["name", "tag"]);
  assertEquals(known, {
    name: { value: 3, path: ["x", "NaMe"] },
    tag: { value: 2, path: ["x", "tag"] },
  });
  assertEquals(unknown, [["x", "TAG"], ["x", "odd"]]);
});

test("readFields() folds case as Go does", () => {
  // "\u017F" is an old form of "s", "\u0131" is no form of "i".
  assertEquals(readFields(at({ "addre\u017F\u017F": 1 }), ["address"]).known.address.value, 1);
  assertEquals(readFields(at({ "cap\u0131th": 1 }), ["capith"]).known.capith.value, undefined);
});

test("readFields() takes no inherited member for a key", () => {
  const fields = readFields(at(JSON.parse('{"__proto__": {"name": 1}}')), ["name", "constructor"]);
  assertEquals(fields.known.name.value, undefined);
  assertEquals(fields.known.constructor.value, undefined);
  assertEquals(fields.unknown, [["x", "__proto__"]]);
});
