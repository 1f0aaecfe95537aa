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

const INFIX: readonly (readonly [condition: string, written: string])[] = [
  [".A && .B", "and .A .B"],
  [".A || .B", "or .A .B"],
  [".A&&.B", "and .A .B"],
  ["(.A) && (.B)", "and .A .B"],
  [".A and .B", "and .A .B"],
  [".A or .B", "or .A .B"],
  ["true and .A", "and true .A"],
  ["!.A", "not .A"],
  ["! .A && .B", "and (not .A) .B"],
  ["not .A and .B", "and (not .A) .B"],
  [".A and not .B", "and .A (not .B)"],
  [".A and .B or .C", "or (and .A .B) .C"],
  [".A or .B and .C", "or .A (and .B .C)"],
  ["and .A .B && .C", "and (and .A .B) .C"],
  ['eq .A "x" and .B', 'and (eq .A "...") .B'],
  ['(eq .A "x") and .B', 'and (eq .A "...") .B'],
  ['.A or (eq .B "x")', 'or .A (eq .B "...")'],
  ['.A == "x" || .B', 'or (eq .A "...") .B'],
  ['(.A == "x")', 'eq .A "..."'],
  ['.A = "x"', 'eq .A "..."'],
  ["1 == .A", "eq 1 .A"],
  ['.A eq "x"', 'eq .A "..."'],
  [".A === .B", "eq .A .B"],
  [".A != 1", "ne .A 1"],
  [".A < 3", "lt .A 3"],
  [".A <= 3", "le .A 3"],
  [".A > 3", "gt .A 3"],
  [".A >= 3", "ge .A 3"],
];

test("renderTemplate() says that functions come first, whatever the operator", async () => {
  for (const [condition, written] of INFIX) {
    const hint = (keyword: string) => `; functions come first, write {{ ${keyword}${written} }}\n`;
    const env = { A: "1", B: "2" };
    const { message } = await failure(`{{ if ${condition} }}x{{ end }}`, { env });
    assertStringIncludes(message, hint("if "));
    const inElse = await failure(`{{ if .C }}{{- else if ${condition} -}}x{{ end }}`, { env });
    assertStringIncludes(inElse.message, hint("else if "));
    const assigned = await failure(`{{ $x := ${condition} }}`, { env });
    assertStringIncludes(assigned.message, hint(""));
    const piped = await failure(`{{ ${condition} | print }}`, { env });
    assertStringIncludes(piped.message, hint(""));
  }
  const { message } = await failure("{{ $a := .A }}{{ if $a and .B.C }}x{{ end }}", { env: {} });
  assertStringIncludes(message, "write {{ if and $a .B.C }}");
});

test("renderTemplate() says what a template has in place of ?, ?? and arithmetic", async () => {
  const cases = [
    [".A ? .B : .C", "; a template has no ? :, write {{ if ... }} ... {{ else }} ... {{ end }}"],
    ['.A ?? "d"', '; a template has no ??, write {{ .NAME | default "..." }}'],
    ...[".A + 1", ".A - 1", ".A -1", ".A+1", ".A * 2", ".A / 2", ".A % 2"].map((sum) =>
      [sum, "; a template has no arithmetic"] as const
    ),
  ] as const;
  for (const [action, hint] of cases) {
    const { message } = await failure(`{{ ${action} }}`, { env: { A: "1" } });
    assertStringIncludes(message, hint);
  }
});

test("renderTemplate() gives no hint where no operator is", async () => {
  const templates = [
    '{{ nofunc "a && b" }}',
    "{{ nofunc `a == b` }}",
    "{{ .MY-VAR }}",
    "{{ slice .A -1 }}",
    "{{ or }}",
    "{{ if }}{{ end }} a && b",
    "{{ .A | nofunc }}",
    "{{ .A && ",
  ];
  for (const template of templates) {
    const { message } = await failure(template, { env: { A: "1" } });
    assertEquals(/come first|a template has/.test(message), false, message);
  }
});
