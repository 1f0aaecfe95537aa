import { assertEquals } from "@std/assert";
import { renderTemplateWithMap } from "../../src/template/render_template.ts";
import { test } from "../support/test.ts";
import { ENV } from "./support.ts";

/** Where each character of the rendered text comes from. */
async function sources(template: string): Promise<string> {
  const { text, sourceOffset } = await renderTemplateWithMap(template, { env: ENV });
  return [...text].map((_, index) => sourceOffset(index)).join(" ");
}

test("renderTemplateWithMap() leads from text to its own place, and from output to its action", async () => {
  assertEquals(await sources("ab{{1}}c{{22}}d"), "0 1 2 7 8 8 14");
  assertEquals(await sources("a  {{- 1 -}}  b"), "0 3 14");
  assertEquals(await sources("{{if true}}a{{end}}b"), "11 19");
  assertEquals(await sources("{{range loop 2}}a{{.}}{{end}}"), "16 17 16 17");
  assertEquals(await sources("{{define `x`}}a{{end}}{{template `x`}}b"), "14 38");
  assertEquals(await sources("{{$x := 1}}{{.EMPTY}}a"), "21");
  assertEquals(await sources("abc"), "0 1 2");
});

test("renderTemplateWithMap() counts both sides in UTF-16 code units", async () => {
  const template = "é{{`世😀`}}{{.NAME}}!";
  const { text, sourceOffset } = await renderTemplateWithMap(template, { env: { NAME: "ñ" } });
  assertEquals(text, "é世😀ñ!");
  const found = Array.from(text, (_, index) => sourceOffset(text.indexOf(_, index)));
  assertEquals(found, [0, 1, 1, template.indexOf("{{.NAME"), template.indexOf("!")]);
});

test("renderTemplateWithMap() knows no place in a text that is empty", async () => {
  const { text, sourceOffset } = await renderTemplateWithMap("{{/* a */}}", { env: {} });
  assertEquals([text, sourceOffset(0)], ["", undefined]);
});

test("renderTemplateWithMap() maps the end of the text to the end of the template", async () => {
  const { text, sourceOffset } = await renderTemplateWithMap("a{{1}}bc", { env: {} });
  assertEquals(sourceOffset(text.length), 8);
});
