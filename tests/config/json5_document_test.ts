import { assertEquals, assertThrows } from "@std/assert";
import { placeOf, readDocument, SyntaxFault } from "../../src/config/json5_document.ts";
import { test } from "../support/test.ts";

function fault(text: string): SyntaxFault {
  return assertThrows(() => readDocument(text), SyntaxFault) as SyntaxFault;
}

test("readDocument() reads JSON5 as ContainerPilot's parser does", () => {
  const values: [string, unknown][] = [
    ["{a: 1, 'b': 2, \"c\": 3,}", { a: 1, b: 2, c: 3 }],
    ["[1, 2,]", [1, 2]],
    ["[+5, -5, 5., .5, 0x1F, +0x10, 1e2, 0.e1]", [5, -5, 5, .5, 31, 16, 100, 0]],
    ["[Infinity, -Infinity, +Infinity, NaN]", [Infinity, -Infinity, Infinity, NaN]],
    ["[true, false, null]", [true, false, null]],
    [`["\\b\\f\\n\\r\\t\\\\\\/\\"\\'\\u00e9", 'it"s']`, ["\b\f\n\r\t\\/\"'\u00e9", 'it"s']],
    ['"one\\\ntwo\\\r\nthree\\\rfour"', "onetwothreefour"],
    ["/* a */ { // b\n a /**/ : /* * / */ 1 // c\r }\f", { a: 1 }],
    ["{$a_1: 1, true: 2}", { $a_1: 1, true: 2 }],
    ['{a: 1, a: 2, "\\u0061": 3}', { a: 3 }],
    ['{"": 1}', { "": 1 }],
    ["0x7fffffffffffffff", 2 ** 63],
  ];
  for (const [text, value] of values) assertEquals(readDocument(text).value, value, text);
});

test("readDocument() refuses what ContainerPilot's parser refuses, and says where", () => {
  const refused: [string, number][] = [
    ["", 0],
    ["{", 1],
    ["{a", 2],
    ["{a:", 3],
    ["{a:1", 4],
    ["[1", 2],
    ["[1 2]", 3],
    ["{a:1 b:2}", 5],
    ["{a:1,,}", 5],
    ["[1,,2]", 3],
    ["[,]", 1],
    ["{,}", 1],
    ["{} {}", 3],
    ["{1a: 2}", 1],
    ["{a-b: 2}", 2],
    ["{\u00e4: 2}", 1],
    ["{na\\u006de: 2}", 3],
    ["localhost", 0],
    ["undefined", 0],
    ["01", 0],
    ["0b1", 0],
    ["1_0", 0],
    ["5e", 0],
    ["0x", 0],
    ["-NaN", 0],
    ["1e999", 0],
    ["0x8000000000000000", 0],
    ['"a\tb"', 2],
    ['"a\nb"', 2],
    ['"a\\x41"', 3],
    ['"a\\vb"', 3],
    ['"a\\0"', 3],
    ['"\\u12g4"', 2],
    ['"a', 0],
    ["{} /* c", 3],
    ["\u00a0{}", 0],
    ["\u000b{}", 0],
    ["{}\u2028", 2],
    ["# c\n{}", 0],
  ];
  for (const [text, offset] of refused) assertEquals(fault(text).offset, offset, text);
});

test("readDocument() says what it expected", () => {
  assertEquals(fault("{a 1}").message, '":" after the key');
  assertEquals(fault("[1").message, '"," or "]" after the item');
  assertEquals(fault("{} 1").message, "nothing but comments after the configuration");
});

test("readDocument() reads nesting up to its limit, and refuses more", () => {
  readDocument("[".repeat(1000) + "]".repeat(1000));
  assertEquals(fault("[".repeat(1001) + "]".repeat(1001)).offset, 1000);
  assertEquals(fault("[".repeat(1_000_000)).offset, 1000);
});

test("readDocument() gives __proto__ as a member and not as a prototype", () => {
  const { value } = readDocument('{"__proto__": {a: 1}}');
  assertEquals(Object.keys(value as object), ["__proto__"]);
  assertEquals((value as { a?: number }).a, undefined);
});

test("readDocument() writes nothing to the console for line separators", () => {
  const { warn } = console;
  const said: unknown[] = [];
  console.warn = (...words: unknown[]) => said.push(words);
  try {
    const { value } = readDocument('{/* \u2029 */ "k\\u0065y\u2028": "a\u2028\u2029b"}');
    assertEquals(value, { "key\u2028": "a\u2028\u2029b" });
  } finally {
    console.warn = warn;
  }
  assertEquals(said, []);
});

test("placeOf() tells where values and keys stand", () => {
  const text = '{ watches: [ {name: "a"}, /* { */ {"name" : "b"} ] }';
  const { place } = readDocument(text);
  const shown = (...path: (string | number)[]) => {
    const { start, end } = placeOf(place, path);
    return text.slice(start, end);
  };
  assertEquals(shown("watches", 1, "name"), '"b"');
  assertEquals(shown("watches", 0), '{name: "a"}');
  assertEquals(shown(), text);
  assertEquals(placeOf(place, ["watches", 1, "name"]).key, text.indexOf('"name"'));
});

test("placeOf() falls back to what is around a missing value", () => {
  const { place } = readDocument("{watches: [{}]}");
  assertEquals(placeOf(place, ["watches", 0, "name"]).start, 11);
  assertEquals(placeOf(place, ["consul", "address"]).start, 0);
});

test("placeOf() knows a key by what it says, and not by how it is written", () => {
  const { place } = readDocument("{'it\\u0027s': 1, \"\\\nb\": 2}");
  assertEquals(placeOf(place, ["it's"]).start, 14);
  assertEquals(placeOf(place, ["b"]).key, 17);
});

test("placeOf() points at the last of equal keys", () => {
  const { place } = readDocument("{a: 1, a: 2}");
  assertEquals(placeOf(place, ["a"]).start, 10);
});
