/** Templates that want too much end in TEMPLATE_INVALID, and soon. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_TEMPLATE_LIMITS, renderTemplate } from "../../src/template/mod.ts";
import { test } from "../support/test.ts";
import { failure } from "./support.ts";

const DOUBLING = "{{$x := `0123456789abcdef`}}{{range loop 64}}{{$x = print $x $x}}{{end}}";

const TOO_MUCH: readonly (readonly [template: string, message: string])[] = [
  ["{{loop 1000000000}}", "steps"],
  ["{{loop -9223372036854775808 9223372036854775807}}", "steps"],
  ["{{range loop 2000}}{{range loop 2000}}{{end}}{{end}}", "steps"],
  ["{{range loop 1000000}}{{$.NAME}}{{end}}", "steps"],
  [DOUBLING, "bytes"],
  ["{{range loop 20}}{{printf `%999999d` 1}}{{end}}", "bytes"],
  [
    "{{printf `%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d%999999d` 1 1 1 1 1 1 1 1 1 1 1}}",
    "bytes",
  ],
  ["{{printf `%9999999d%9999999d` 1 1}}", "bytes"],
  ["{{printf `%.999999f` 1.0 | printf `%x%[1]x%[1]x%[1]x%[1]x%[1]x`}}", "steps"],
  ["{{$x := printf `%99999d` 1}}{{replaceAll `` $x $x}}", "bytes"],
  [
    "{{$x := printf `%99999d` 1}}{{join $x (split `` `a                    b                b                      b                   b                    b                  b`)}}",
    "bytes",
  ],
  [`{{regexReplaceAll "${"a{1000}".repeat(1_300)}" "" ""}}`, "instructions"],
  [`{{regexReplaceAll "${"(".repeat(100_000)}" "" ""}}`, "instructions"],
  ['{{regexReplaceAll "a(.*x)?" "" (replaceAll " " "a" (printf "%99999d" 1))}}', "steps"],
  [`{{regexReplaceAll "${"[a-z]".repeat(9_000)}" "" (printf "%9999d" 1)}}`, "steps"],
  [
    "{{$x := printf `%999999d` 1}}{{range loop 1000}}{{regexReplaceAll `(x?y?z?)*a` `` $x}}{{end}}",
    "steps",
  ],
  ["{{define `x`}}{{template `x`}}{{end}}{{template `x`}}", "levels"],
  ["{{define `x`}}{{template `x`}}{{template `x`}}{{end}}{{template `x`}}", "levels"],
  ["{{print ".concat("(".repeat(100_000), "1", ")".repeat(100_000), "}}"), "levels"],
  ["{{if true}}".repeat(100_000) + "{{end}}".repeat(100_000), "levels"],
  ["{{if false}}" + "{{else if false}}".repeat(100_000) + "{{end}}", "levels"],
  ["{{range loop 1}}".repeat(100_000), "levels"],
  ["{{block `x` .}}".repeat(100_000), "levels"],
];

test("renderTemplate() ends in TEMPLATE_INVALID where a template wants too much", async () => {
  for (const [template, message] of TOO_MUCH) {
    const { message: received } = await failure(template);
    assertStringIncludes(received, `than the limit of `, template.slice(0, 80));
    assertStringIncludes(received, message, template.slice(0, 80));
  }
});

test("renderTemplate() takes long texts of every kind", async () => {
  const many = 100_000;
  const texts = {
    string: `{{len "${"a".repeat(many)}"}}`,
    escapes: `{{len "${"\\n".repeat(many)}"}}`,
    name: `{{.${"a".repeat(many)}}}`,
    space: `{{${" ".repeat(many)}1}}`,
    "space after text": `${" ".repeat(many)}{{- 1}}`,
    fields: "{{.NAME}}".repeat(many / 10),
    stages: `{{1 ${"| print ".repeat(many / 10)}}}`,
    arguments: `{{print ${"1 ".repeat(many / 10)}}}`,
    nesting: "{{if true}}".repeat(400) + "{{end}}".repeat(400),
    parentheses: `{{${"(".repeat(400)}1${")".repeat(400)}}}`,
  };
  for (const [name, text] of Object.entries(texts)) {
    assertEquals(typeof await renderTemplate(text, { env: {} }), "string", name);
  }
});

test("renderTemplate() refuses long numbers as soon as short ones", async () => {
  for (
    const number of ["9".repeat(100_000), `1${"_0".repeat(50_000)}_`, `0x${"f".repeat(100_000)}.`]
  ) {
    assertEquals((await failure(`{{${number}}}`)).stage, "parse");
  }
});

test("renderTemplate() takes limits, each of its own", async () => {
  const limited = async (template: string, limits: Record<string, number>) =>
    (await failure(template, { limits })).message;
  assertStringIncludes(await limited("{{.NAME}}", { steps: 1 }), "limit of 1 steps");
  assertStringIncludes(await limited("abc{{1}}", { outputBytes: 2 }), "limit of 2 bytes");
  assertStringIncludes(await limited("{{((1))}}", { nesting: 1 }), "limit of 1 levels");
  assertStringIncludes(
    await limited("{{regexReplaceAll `abc` `` ``}}", { regexpSize: 2 }),
    "limit of 2 instructions",
  );
  assertEquals(
    await renderTemplate("{{.A}}", { env: { A: "a" }, limits: { steps: undefined, nesting: 5 } }),
    "a",
  );
});

test("DEFAULT_TEMPLATE_LIMITS is what the documentation says", () => {
  assertEquals(DEFAULT_TEMPLATE_LIMITS, {
    outputBytes: 10 * 1024 * 1024,
    steps: 2_000_000,
    nesting: 500,
    regexpSize: 10_000,
  });
});
