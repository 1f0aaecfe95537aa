import { assertEquals } from "@std/assert";
import { parseGoBoolean } from "../src/go_boolean.ts";
import { test } from "./support/test.ts";

const words: readonly [boolean | undefined, readonly string[]][] = [
  [true, ["1", "t", "T", "TRUE", "true", "True"]],
  [false, ["0", "f", "F", "FALSE", "false", "False"]],
  [undefined, ["", "yes", "no", "on", "tRUE", " true", "2", "-1", "null"]],
];
for (const [value, texts] of words) {
  test(`parseGoBoolean() makes ${value} of ${texts.join(" ")}`, () => {
    for (const text of texts) assertEquals(parseGoBoolean(text), value, text);
  });
}
