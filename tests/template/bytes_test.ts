/** Strings are bytes, as in Go. */
import { assertEquals } from "@std/assert";
import { renderTemplate } from "../../src/template/mod.ts";
import { test } from "../support/test.ts";
import { render, testOutputs } from "./support.ts";

testOutputs("renderTemplate() puts bytes together to characters again", [
  ['{{"\\xc3"}}{{"\\xa9"}}', "é"],
  ['{{slice "é" 0 1}}{{slice "é" 1}}', "é"],
  ['{{eq (print "\\xc3" "\\xa9") "é"}} {{join "" (split "" "é")}}', "true é"],
  ['{{len (print "\\xc3" "\\xa9")}} {{len "\\u00e9\\xe9"}}', "2 3"],
]);

testOutputs("renderTemplate() takes no other sequence of bytes for a character than the shortest", [
  [
    '{{printf "%q" "\\xc0\\xaf\\xe0\\x80\\xaf\\xf0\\x80\\x80\\xaf"}}',
    '"\\xc0\\xaf\\xe0\\x80\\xaf\\xf0\\x80\\x80\\xaf"',
  ],
  [
    '{{printf "%q" "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xe4\\xb8"}}',
    '"\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xe4\\xb8"',
  ],
  [
    '{{len (split "" "\\xe0\\x80\\x80")}} {{len (split "" "\\xed\\x9f\\xbf\\xee\\x80\\x80\\xf4\\x8f\\xbf\\xbf")}}',
    "3 3",
  ],
]);

testOutputs("functions of Go that take text apart make U+FFFD of bytes that are not UTF-8", [
  // But for the last one.
  ['{{printf "%x" (split "" "\\xffa\\xe4\\xb8")}}', "[efbfbd 61 efbfbd b8]"],
  ['{{printf "%x" (printf "%\\xff" 1)}}', "2521efbfbd28696e743d3129"],
  ['{{printf "%x %x" (js "\\xff") (replaceAll "" "-" "\\xff")}}', "ff 2dff2d"],
]);

testOutputs("renderTemplate() writes U+FFFD for bytes that are not UTF-8", [
  ['{{"\\xff"}}', "\ufffd"],
  ['a{{slice "é" 1}}b', "a\ufffdb"],
  ["{{slice .UNI 0 2}}", "h\ufffd"],
]);

test("renderTemplate() keeps every character of text, names and values", async () => {
  const text = "\ufeffé世😀\u2028\u0000";
  const env = { [text]: text, "ключ": text };
  assertEquals(await renderTemplate(`${text}{{.ключ}}${text}`, { env }), text + text + text);
  assertEquals(await renderTemplate(`{{index . ${JSON.stringify(text)}}}`, { env }), text);
  assertEquals(
    await renderTemplate("{{range .}}{{.}}{{end}}", { env: { "é": "a", z: "b" } }),
    "ba",
  );
});

test("renderTemplate() takes bytes that are not UTF-8 for no variable's name", async () => {
  const env = { "\ufffd": "a" };
  const template = '{{env "\\xff"}}{{index . "\\xff"}}{{index . "\\ufffd"}}';
  assertEquals(await renderTemplate(template, { env }), "a");
});

test("renderTemplate() returns a text without actions unchanged, even with a lone surrogate", async () => {
  assertEquals(await render("a\ud800}} { {b"), "a\ud800}} { {b");
});
