/** What errors say, and what they keep to themselves. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../support/test.ts";
import { failure } from "./support.ts";

const CASES:
  readonly (readonly [template: string, line: number, column: number, message: string])[] = [
    [
      "a\n  {{ .NAME | nofunc }}",
      2,
      14,
      'function "nofunc" is not defined, expected one of and call',
    ],
    ["{{ .NAME", 1, 1, "unclosed action, expected }}"],
    ["x{{/* a", 1, 2, "unclosed comment, expected */"],
    ["é世😀{{$x}}", 1, 7, "variable $x is not defined"],
    ["a{{if .NAME}}\n\n", 1, 2, "unexpected end of the text, expected the {{end}} of this"],
    ["{{if}}a{{end}}", 1, 5, "missing value for if, expected a value"],
    ["{{print 08}}", 1, 9, "illegal number"],
    ["a\r\nb\r{{end}}", 3, 1, "unexpected {{end}}"],
    ["{{define `x`}}a{{end}}\n{{define `x`}}b{{end}}", 2, 3, 'template "x" is defined twice'],
    ["{{print 1 (index .NAME 9)}}", 1, 12, "index 9 is out of range, the length is 8"],
    [
      "{{.NAME | split 1}}",
      1,
      17,
      "wrong type of argument 1 for split, expected string, received int",
    ],
    ["{{split `,`}}", 1, 3, "wrong number of arguments for split, expected 2, received 1"],
    ["{{range .NAME}}{{end}}", 1, 9, "range cannot iterate over type string, expected a list"],
    ["{{template `x`}}", 1, 3, 'template "x" is not defined'],
    ["{{lt 1 `a`}}", 1, 3, "expected two of one type, received int and string"],
  ];

test("a TEMPLATE_INVALID error has the place, and says what is wrong there", async () => {
  for (const [template, line, column, message] of CASES) {
    const error = await failure(template);
    assertStringIncludes(error.message, `line ${line}, column ${column}: `);
    assertStringIncludes(error.message, message);
    assertEquals([error.line, error.column], [line, column], template);
  }
});

test("a TEMPLATE_INVALID error names the file and shows the line with a caret", async () => {
  const error = await failure("{\n\tname: {{ .NAME | }} {{ nofunc }},\n}", {
    path: "/etc/containerpilot.json5",
  });
  assertEquals(error.path, "/etc/containerpilot.json5");
  const [first, shown, pointer, ...rest] = error.message.split("\n");
  assertStringIncludes(first ?? "", "Cannot parse /etc/containerpilot.json5, line 2, column 25: ");
  assertEquals(shown, "  2 | \tname: {{ .NAME | }} {{ nofunc }},");
  assertEquals(pointer, "    | \t                       ^");
  assertEquals(rest, []);
});

test("a TEMPLATE_INVALID error shows no value of a variable", async () => {
  const env = { API_TOKEN: "s3cret", NAME: "als0secret" };
  const templates = [
    "{{loop .API_TOKEN}}",
    "{{range .API_TOKEN}}{{end}}",
    "{{.API_TOKEN.X}}",
    "{{index .API_TOKEN 99}}",
    "{{eq .API_TOKEN 1}}",
    "{{$x := print .API_TOKEN .NAME}}{{loop $x}}",
    "{{regexReplaceAll (print .API_TOKEN `[`) `a` .NAME}}",
    "{{join .API_TOKEN .NAME}}",
    "{{call .API_TOKEN}}",
    "{{template `x` .API_TOKEN}}{{define `x`}}{{loop .}}{{end}}",
    "{{printf .API_TOKEN | loop}}",
  ];
  for (const template of templates) {
    const { message, cause, stack } = await failure(template, { env });
    assertEquals(/s3cret|als0secret/.test(`${message}${cause}${stack}`), false, message);
  }
});

test("renderTemplate() says that functions come first", async () => {
  for (
    const [template, hint] of [
      ["{{ if .A and .B }}x{{ end }}", '"and .A .B"'],
      ["{{ if .A or .B }}x{{ end }}", '"or .A .B"'],
      ['{{ if .A eq "1" }}x{{ end }}', '"eq .A (...)"'],
      ["{{ $a := .A }}{{ if $a and .B.C }}x{{ end }}", '"and $a .B.C"'],
    ] as const
  ) {
    const { message } = await failure(template, { env: { A: "1", B: "2" } });
    assertStringIncludes(message, `; functions come first, write ${hint}`);
  }
});
