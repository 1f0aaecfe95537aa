/** What a template can reach: the environment, and nothing else. */
import { assertEquals, assertRejects } from "@std/assert";
import { renderTemplate, type RenderTemplateOptions } from "../../src/template/mod.ts";
import { test } from "../support/test.ts";
import { failure, render } from "./support.ts";

const INHERITED = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];

test("renderTemplate() takes inherited properties for unset variables", async () => {
  for (const name of INHERITED) {
    assertEquals(await render(`[{{.${name}}}{{env "${name}"}}{{index . "${name}"}}]`), "[]", name);
    assertEquals((await failure(`{{.${name}.${name}}}`)).stage, "exec", name);
    assertEquals((await failure(`{{.NAME.${name}}}`)).stage, "exec", name);
    assertEquals((await failure(`{{(loop 1).${name}}}`)).stage, "exec", name);
  }
});

test("renderTemplate() does not read an inherited string", async () => {
  const env: Record<string, string> = Object.create({ A: "inherited" });
  assertEquals(await renderTemplate("[{{.A}}]{{.}}", { env }), "[]map[]");
});

test("renderTemplate() reads own variables that are named as inherited properties", async () => {
  const env = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}');
  assertEquals(await renderTemplate("{{.__proto__}}{{.constructor}}{{.toString}}", { env }), "abc");
});

test("renderTemplate() reads an environment without a prototype", async () => {
  const env: Record<string, string> = Object.assign(Object.create(null), { NAME: "a" });
  assertEquals(await renderTemplate("{{.NAME}}{{.}}", { env }), "amap[NAME:a]");
});

test("renderTemplate() looks at no other variables than it reads", async () => {
  const read: string[] = [];
  const env = new Proxy<Record<string, string>>({ A: "a", B: "b" }, {
    get: (target, name) => {
      read.push(String(name));
      return target[String(name)];
    },
    ownKeys: () => {
      throw new Error("all variables were listed");
    },
  });
  const template = '{{.A}}{{env "A"}}{{index . "A"}}{{or .A .B}}{{len (print $.A)}}';
  assertEquals(await renderTemplate(template, { env }), "aaaa1");
  assertEquals([...new Set(read)], ["A"]);
});

test("renderTemplate() keeps an equals sign in a value", async () => {
  assertEquals(await renderTemplate("{{.URL}}", { env: { URL: "?a=b&c=" } }), "?a=b&c=");
});

test("renderTemplate() takes undefined for unset", async () => {
  const env = { A: undefined, B: "b" };
  assertEquals(await renderTemplate("[{{.A}}]{{.}}{{len .}}", { env }), "[]map[B:b]1");
});

test("renderTemplate() can be used many times at once", async () => {
  const outputs = await Promise.all(
    [1, 2, 3].map((n) =>
      renderTemplate("{{range loop 3}}{{$.N}}{{end}}", { env: { N: String(n) } })
    ),
  );
  assertEquals(outputs, ["111", "222", "333"]);
});

test("renderTemplate() rejects arguments of a wrong kind", async () => {
  const wrong = (text: unknown, options: unknown) => () =>
    renderTemplate(text as string, options as RenderTemplateOptions);
  await assertRejects(wrong(1, { env: {} }), TypeError, "number");
  await assertRejects(wrong("a", { env: null }), TypeError, "null");
  await assertRejects(wrong("a", undefined), TypeError, "undefined");
  await assertRejects(wrong("a", {}), TypeError, "option env is missing");
  await assertRejects(wrong("a", { env: "A=b" }), TypeError, 'an object, received "A=b"');
  await assertRejects(wrong("a", { env: {}, mising: "error" }), TypeError, "Did you mean missing?");
  await assertRejects(wrong("a", { env: {}, missing: "eror" }), TypeError, "did you mean error?");
  await assertRejects(wrong("a", { env: {}, path: 5 }), TypeError, "must be a string, received 5");
  await assertRejects(
    wrong("a", { env: {}, limits: { step: 5 } }),
    TypeError,
    "Did you mean steps?",
  );
  await assertRejects(wrong("a", { env: {}, limits: { steps: 0 } }), RangeError, "option steps");
  await assertRejects(wrong("a", { env: {}, limits: { nesting: 1.5 } }), RangeError, "1.5");
});
