/** Random templates, for the property tests and for scripts/fuzz_template.ts. */
import { assert } from "@std/assert";
import fc from "fast-check";
import { PilotedError } from "../../src/errors.ts";
import { renderTemplateWithMap } from "../../src/template/render_template.ts";

/** What random templates read: some names are also words of the grammar below. */
export const RANDOM_ENV: Readonly<Record<string, string>> = {
  A: "a",
  B: "1,2,3",
  N: "3",
  EMPTY: "",
  UNI: "é世😀",
};

// Steps that end even the worst of them within milliseconds.
const LIMITS = { steps: 20_000, outputBytes: 100_000 };

const OPERANDS = [
  ...[".", "$", ".A", ".B", ".N", ".EMPTY", ".UNI", ".NOT_SET", "$.A", ".A.B", "$x", "$y", "nil"],
  ...["true", "false", "0", "1", "-1", "3", "1.5", "1e6", "0x1F", "017", "1_000", "2i", "1+2i"],
  ...["'a'", "'\\n'", '"a"', '"%d"', '"%v"', '"%q"', '"%-5s|"', '"%[2]*.[1]*f"', "`a`", '"\\xff"'],
  ...['","', '"A"', '""', '"[a-z]+"', '"$1"', "9223372036854775807", "loop", "print"],
];
const FUNCTIONS = [
  ...["and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "index", "slice", "len", "call"],
  ...["print", "printf", "println", "html", "js", "urlquery", "default", "env", "split", "join"],
  ...["replaceAll", "regexReplaceAll", "loop"],
];
const PIECES = [
  ...["{{", "}}", "{{-", "-}}", " -}}", "{{- ", "/*", "*/", "|", "(", ")", ":=", "=", ",", "."],
  ...['"', "'", "`", "\\", "$", "$x", "\n", " ", "{", "}", "%", "é", "\ud800", "\0", "define"],
  ...["if", "else", "end", "range", "with", "template", "block", "break", "continue", "nil"],
];

// Calls that mostly can be executed.
const CALLS = [
  ...[
    "len .A",
    "index .B 2",
    'split "," .B',
    "loop .N",
    "loop 2",
    ".A | default 1",
    "printf `%5q` .UNI",
  ],
  ...[
    "eq .A `a`",
    "not .EMPTY",
    "env `A`",
    "slice .UNI 1",
    "replaceAll `a` `b` .A",
    "print . $x",
    "html .",
  ],
  ...['regexReplaceAll "[a-z]+" "<$0>" .UNI', 'join "-" (split "," .B)', "and .A .B", "lt $x 3"],
];

const text = fc.constantFrom("", "", "a", " b ", "\n", "é😀", "{", "}}", '"');
const { command } = fc.letrec<{ command: string; operand: string }>((tie) => ({
  command: fc.tuple(
    fc.constantFrom(...FUNCTIONS),
    fc.array(tie("operand"), { maxLength: 3 }),
  ).map(([first, rest]) => [first, ...rest].join(" ")),
  operand: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...OPERANDS),
    tie("command").map((inner) => `(${inner})`),
  ),
}));
const pipe = fc.oneof(
  fc.constantFrom(...CALLS),
  fc.constantFrom(...OPERANDS),
  fc.array(command, { minLength: 1, maxLength: 3 }).map((stages) => stages.join(" | ")),
);

// Templates that are close to valid ones.
const head = fc.constantFrom("if", "with", "range", "range $x :=", "range $x, $y :=", "if $x :=");
const name = fc.constantFrom("t", "u", "v", "w");
const { nodes } = fc.letrec<{ nodes: string; node: string }>((tie) => ({
  nodes: fc.array(tie("node"), { maxLength: 4 }).map((list) => list.join("")),
  node: fc.oneof(
    { maxDepth: 3 },
    text,
    pipe.map((inner) => `{{${inner}}}`),
    fc.tuple(fc.constantFrom("$x := ", "$x = ", "$y := ", ""), pipe)
      .map(([variable, inner]) => `{{- ${variable}${inner} -}}`),
    fc.tuple(head, pipe, tie("nodes"), tie("nodes"))
      .map(([start, inner, body, other]) => `{{${start} ${inner}}}${body}{{else}}${other}{{end}}`),
    fc.tuple(pipe, tie("nodes"), fc.constantFrom("break", "continue"))
      .map(([inner, body, jump]) => `{{range ${inner}}}${body}{{if .}}{{${jump}}}{{end}}a{{end}}`),
    fc.tuple(name, tie("nodes")).map(([it, body]) => `{{block "${it}" .}}${body}{{end}}`),
    fc.tuple(name, pipe).map(([it, inner]) => `{{template "${it}" ${inner}}}`),
  ),
}));
const template = nodes.map((list) => `{{$x := 1}}{{$y := .B}}${list}`);

// One of these with pieces put in, or taken out, at any place.
const mutated = fc.tuple(
  template,
  fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.constantFrom("", ...PIECES)), {
    maxLength: 4,
  }),
).map(([start, changes]) =>
  changes.reduce((whole, [at, length, piece]) => {
    const place = at % (whole.length + 1);
    return whole.slice(0, place) + piece + whole.slice(place + length);
  }, start)
);
const noise = fc.array(fc.constantFrom(...PIECES, ...OPERANDS), { maxLength: 12 })
  .map((pieces) => `{{${pieces.join("")}`);

/** A template that is valid, or nearly so, or not at all. */
export const randomTemplate: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: template, weight: 3 },
  { arbitrary: mutated, weight: 2 },
  { arbitrary: noise, weight: 1 },
);

/** How rendering ended. */
export type Outcome = "rendered" | "parse" | "exec";

/**
 * Renders, and checks what must hold of every template.
 *
 * @throws when it does not end in a text, or in a PilotedError that points into the template.
 */
export async function checkTemplate(source: string): Promise<Outcome> {
  const start = performance.now();
  try {
    const options = { env: RANDOM_ENV, limits: LIMITS };
    const { text: rendered, sourceOffset } = await renderTemplateWithMap(source, options);
    if (!source.includes("{{")) assert(rendered === source, "changed");
    const from = sourceOffset(rendered.length);
    assert(from === undefined || from >= 0 && from <= source.length, `mapped to ${from}`);
    return "rendered";
  } catch (error) {
    assert(error instanceof PilotedError, `${error instanceof Error ? error.stack : error}`);
    const { code, stage, line = 0, column = 0 } = error;
    assert(code === "TEMPLATE_INVALID" && stage !== undefined, `${code} ${stage}`);
    const shown = source.split(/\r\n|\r|\n/)[line - 1];
    assert(shown !== undefined && column >= 1 && column <= shown.length + 1, error.message);
    return stage;
  } finally {
    const ms = performance.now() - start;
    assert(ms < 5_000, `took ${ms} ms`);
  }
}
