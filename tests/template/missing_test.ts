/** `missing: "error"`: which reads of an unset variable are mistakes. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { PilotedError } from "../../src/errors.ts";
import { renderTemplate } from "../../src/template/mod.ts";
import { test } from "../support/test.ts";
import { ENV, failure } from "./support.ts";

async function unset(template: string): Promise<string> {
  const { message } = await failure(template, { missing: "error" });
  return /not set in the environment: (.*) \(set them/.exec(message)?.[1] ?? message;
}

test("missing: error names every unset variable once, and points at the first", async () => {
  const template = "{{.NAME}}\n {{.A}} {{.B}}{{.A}}\n{{range loop 2}}{{$.C}}{{end}}";
  const error = await failure(template, { missing: "error" });
  assertStringIncludes(error.message, "not set in the environment: A, B, C (");
  assertEquals([error.stage, error.line, error.column], ["exec", 2, 4]);
});

test("missing: error counts every way to read a variable", async () => {
  assertEquals(await unset('{{$.A}}{{env "B"}}{{index . "C"}}{{(.).D}}'), "A, B, C, D");
  assertEquals(await unset("{{with .A}}{{end}}{{with .NAME}}{{$.B}}{{end}}"), "B");
  assertEquals(await unset("{{$x := .A}}{{$x | default 1}}"), "A");
  assertEquals(await unset("{{if eq .NAME `x`}}{{.A}}{{else}}{{.B}}{{end}}"), "B");
  assertEquals(await unset("{{template `t` .A}}{{define `t`}}{{.}}{{end}}"), "A");
  assertEquals(await unset("{{range split `,` .A}}{{end}}"), "A");
});

test("missing: error leaves alone what asks whether a variable is set", async () => {
  const template = [
    "{{if .A}}{{.A}}{{else if eq .B `x`}}{{.B}}{{end}}",
    "{{with .A}}{{.}}{{end}}",
    "{{.A | default `d`}}{{default `d` .A}}{{default .A .B | default `d`}}",
    "{{.A | printf `%s` | default `d`}}",
    "{{or .A .B `d`}}{{and .A .B}}{{not .A}}",
    "{{.EMPTY}}",
  ].join("");
  assertEquals(await renderTemplate(template, { env: ENV, missing: "error" }), "dddddtrue");
});

test("missing: error says what is unset rather than what fails because of it", async () => {
  const error = await failure("{{.A}}{{loop .B}}", { missing: "error" });
  assertStringIncludes(error.message, "not set in the environment: A, B (");
  assertEquals((error.cause as PilotedError).code, "TEMPLATE_INVALID");
});

test("missing: error reports a failure where nothing is unset", async () => {
  assertStringIncludes((await failure("{{loop `x`}}", { missing: "error" })).message, "loop takes");
});
