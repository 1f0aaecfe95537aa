import { assertEquals } from "@std/assert";
import { caret, locate } from "../src/text_position.ts";
import { test } from "./support/test.ts";

test("locate() counts lines and columns from 1", () => {
  assertEquals(locate("", 0), { line: 1, column: 1 });
  assertEquals(locate("ab\ncd", 0), { line: 1, column: 1 });
  assertEquals(locate("ab\ncd", 2), { line: 1, column: 3 });
  assertEquals(locate("ab\ncd", 3), { line: 2, column: 1 });
  assertEquals(locate("ab\ncd", 4), { line: 2, column: 2 });
});

test("locate() takes every kind of line end as one", () => {
  assertEquals(locate("a\r\nb\rc\nd", 3), { line: 2, column: 1 });
  assertEquals(locate("a\r\nb\rc\nd", 5), { line: 3, column: 1 });
  assertEquals(locate("a\r\nb\rc\nd", 7), { line: 4, column: 1 });
  assertEquals(locate("a\r\nb", 2), { line: 1, column: 3 });
});

test("locate() moves an offset outside of the text to its nearer end", () => {
  assertEquals(locate("ab\ncd", -1), { line: 1, column: 1 });
  assertEquals(locate("ab\ncd", 99), { line: 2, column: 3 });
});

test("caret() shows the line and points at the column", () => {
  assertEquals(caret("one\ntwo\nthree", 3, 3), "  3 | three\n    |   ^");
  assertEquals(caret("one", 1, 4), "  1 | one\n    |    ^");
  assertEquals(caret("\n".repeat(11) + "x", 12, 1), "  12 | x\n     | ^");
});

test("caret() keeps tabs so that the caret stays below its column", () => {
  assertEquals(caret("\ta\tb", 1, 4), "  1 | \ta\tb\n    | \t \t^");
});

test("caret() cuts a long line around its column", () => {
  const [shown = "", pointer = ""] = caret("a".repeat(500) + "X" + "b".repeat(500), 1, 501)
    .split("\n");
  assertEquals(shown.length, "  1 | ".length + 120);
  assertEquals(shown[pointer.length - 1], "X");
});

test("caret() has nothing to show of a line that does not exist", () => {
  assertEquals(caret("one", 2, 1), "");
});
