/** regexReplaceAll, each case by the rules of Go 1.19's regexp. */
import { assert, assertEquals } from "@std/assert";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { RE2JS } from "re2js";
import { regexpSize } from "../../src/template/regexp_syntax.ts";
import { test } from "../support/test.ts";
import { failure, render, testFailures, testOutputs } from "./support.ts";

/** An expression, what to put in place of it, a text, and what comes out. */
type Case = readonly [expression: string, replacement: string, text: string, output: string];

function testReplacements(name: string, cases: readonly Case[]): void {
  testOutputs(
    name,
    cases.map(([expression, replacement, text, output]) => [
      `{{regexReplaceAll ${
        [expression, replacement, text].map((s) => JSON.stringify(s)).join(" ")
      }}}`,
      output,
    ]),
  );
}

testReplacements(
  "regexReplaceAll matches as RE2: leftmost, first alternative, empty matches apart",
  [
    ["a+", "x", "baab", "bxb"],
    ["a*", "x", "baaac", "xbxcx"],
    ["a|ab", "x", "ab", "xb"],
    ["", "-", "aé世", "-a-é-世-"],
    ["a|b|", "x", "cab", "xcxx"],
    ["^", "x", "ab", "xab"],
    ["$", "x", "a\nb", "a\nbx"],
    ["(?m)^", "x", "a\nb", "xa\nxb"],
    ["(?m)$", "x", "a\nb", "ax\nbx"],
    [".", "x", "a\nb", "x\nx"],
    ["(?s).", "x", "a\nb", "xxx"],
    ["(?i)É", "x", "éÉ", "xx"],
    ["(?U)a+", "x", "aa", "xx"],
    ["a+?", "x", "aa", "xx"],
    ["\\bfoo\\b", "x", "foo food", "x food"],
    ["[[:alpha:]]+|\\d", "x", "ab1", "xx"],
    ["\\p{Greek}\\PN", "x", "αb", "x"],
    [".", "x", "😀é", "xx"],
    ["a{2,3}", "x", "aaaaa", "xx"],
    ["\\Qa.b\\E.", "x", "a.bc axbc", "x axbc"],
    ["[(?<]|\\(\\?<|\\Q(?<\\E", "x", "(a", "xa"],
  ],
);

testReplacements("regexReplaceAll fills in groups as Regexp.Expand", [
  ["(a)(b)", "$2$1", "ab", "ba"],
  ["(a)", "$1x", "ab", "b"],
  ["(a)", "${1}x", "ab", "axb"],
  ["(?P<n>a)", "<$n> <${n}> <$nx>", "ab", "<a> <a> <>b"],
  // The first of that name that is part of the match.
  ["(?P<n>a)|(?P<n>b)", "<$n$2>", "ab", "<a><bb>"],
  ["\\Q(\\E(?P<n>a)[(](?P<m>b)\\(", "$m$n", "(a(b(", "ba"],
  ["(a)|(b)", "[$1|$2|$3]", "ab", "[a||][|b|]"],
  ["a", "$0$0", "ab", "aab"],
  ["a", "$$1 $ $- ${ ${} ${0 $", "a", "$1 $ $- ${ ${} ${0 $"],
  ["(a)", "$01 $1_ $é", "a", "  "],
  ["(a)", "$999999999 $99999999999999999999", "a", " "],
]);

testFailures("regexReplaceAll refuses what is no expression of Go's", "exec", [
  '{{regexReplaceAll "[" "" "a"}}',
  '{{regexReplaceAll "(" "" "a"}}',
  '{{regexReplaceAll ")" "" "a"}}',
  '{{regexReplaceAll "*" "" "a"}}',
  '{{regexReplaceAll "a**" "" "a"}}',
  '{{regexReplaceAll "a{2}{3}" "" "a"}}',
  '{{regexReplaceAll "a{1001}" "" "a"}}',
  '{{regexReplaceAll "(a{100}){100}" "" "a"}}',
  '{{regexReplaceAll "[b-a]" "" "a"}}',
  '{{regexReplaceAll "(a)\\\\1" "" "a"}}',
  '{{regexReplaceAll "(?=a)" "" "a"}}',
  '{{regexReplaceAll "(?!a)" "" "a"}}',
  '{{regexReplaceAll "(?<=a)" "" "a"}}',
  '{{regexReplaceAll "(?<n>a)" "" "a"}}',
  '{{regexReplaceAll "(?P<n-1>a)" "" "a"}}',
  '{{regexReplaceAll "(?P<n>?i)" "" "a"}}',
  '{{regexReplaceAll "\\xff" "" "a"}}',
  '{{regexReplaceAll "[\\xe4\\xb8]" "" "a"}}',
  '{{regexReplaceAll "\\\\" "" "a"}}',
  '{{regexReplaceAll "\\\\Z" "" "a"}}',
  '{{regexReplaceAll "\\\\pX" "" "a"}}',
  '{{regexReplaceAll "a" "b"}}',
  '{{regexReplaceAll "a" "b" 1}}',
  '{{regexReplaceAll 1 "b" "a"}}',
]);

test("regexReplaceAll matches bytes that are not UTF-8 one by one", async () => {
  assertEquals(await render('{{len (regexReplaceAll "x" "y" "\\xff\\xfe")}}'), "2");
  assertEquals(await render('{{regexReplaceAll "." "y" "\\xff\\xfe"}}'), "yy");
  assertEquals(await render('{{printf "%x" (regexReplaceAll "a" "b" "\\xffa")}}'), "ff62");
});

test("regexReplaceAll takes a long text with many matches", async () => {
  const text = "a,".repeat(4_000);
  const output = await render('{{regexReplaceAll "," "" .TEXT | len}}', { TEXT: text });
  assertEquals(output, "4000");
});

test("regexReplaceAll runs in linear time", async () => {
  const text = "a".repeat(20_000);
  assertEquals(
    await render('{{regexReplaceAll "(a|aa)*b" "x" .TEXT | len}}', { TEXT: text }),
    "20000",
  );
});

test("regexpSize() comes close to what the engine compiles", () => {
  const expressions = [
    String.raw`^https?://([^:/]+)(?::(\d+))?`,
    String.raw`([a-f0-9]{1,4}:){7}[a-f0-9]{1,4}`,
    String.raw`((a{10}){10}){10}|[{(]{30}\{\(|(?:a|b|c){20,}`,
    String.raw`\Q(a{9}\E+${"x".repeat(50)}`,
    String.raw`\x{2028}+|\p{Greek}\x{2029}x`,
  ];
  for (const expression of expressions) {
    const size = RE2JS.compile(expression).programSize();
    const ratio = regexpSize(expression) / size;
    assert(ratio > 0.6 && ratio < 1.7, `${expression}: ${ratio}`);
  }
});

test("an error of regexReplaceAll does not show the expression", async () => {
  const error = await failure("{{regexReplaceAll .API_TOKEN `x` `y`}}", {
    env: { API_TOKEN: "[s3cret" },
  });
  assertEquals(`${error.message}${error.cause}`.includes("s3cret"), false);
});

test("the engine of regexReplaceAll is imported only where it is needed", async () => {
  const folder = fileURLToPath(new URL("../../src/template/", import.meta.url));
  const imports: string[] = [];
  for (const file of await readdir(folder)) {
    const source = await readFile(folder + file, "utf8");
    imports.push(...source.match(/.*\b(?:from|import)\b.*"re2js".*/g) ?? []);
  }
  // A type, which is gone at run time, and a dynamic import.
  assertEquals(imports.map((line) => line.trim()), [
    'export type RegexpEngine = typeof import("re2js");',
    'return await import("re2js");',
  ]);
});
