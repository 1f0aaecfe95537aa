/** Texts that nearly are configurations, and what has to hold for whatever text. */
import { assert } from "@std/assert";
import fc from "fast-check";
import { parseConfig } from "../../src/config/parse_config.ts";
import { PilotedError } from "../../src/errors.ts";

const SECRET = 's3cr3t-"\\-value';

/** The environment that the texts are read with. */
export const env: Readonly<Record<string, string>> = {
  CONSUL: "consul:8500",
  NAME: "customers",
  EMPTY: "",
  ODD: '"}],\n{',
  DB_PASSWORD: SECRET,
};

const space = fc.constantFrom(
  "",
  "",
  "",
  "",
  " ",
  "\n",
  "\r\n",
  "\t",
  "// c\n",
  "/* c */",
  "\u2028",
);
const action = fc.constantFrom(
  "{{ .NAME }}",
  "{{.EMPTY}}",
  '{{ .NONE | default "x" }}',
  "{{ .ODD }}",
  "{{ .DB_PASSWORD }}",
  '{{ printf "%q" .DB_PASSWORD }}',
  "{{ range loop 0 3 }}x{{ end }}",
  "{{- /* c */ -}}",
  "{{ nofunc }}",
  "{{",
);
const word = fc.oneof(
  fc.constantFrom("app", "customers-1", "App", "a", "5", "0x10", "010", "5s", "1m30s", "", "true"),
  action,
  fc.string({ unit: "grapheme", maxLength: 8 }),
);
const quoted = fc.tuple(
  fc.constantFrom('"', "'"),
  word,
  fc.constantFrom("", "\\u0041", "\\x41", "\\"),
)
  .map(([quote, text, escape]) => `${quote}${text}${escape}${quote}`);
const scalar = fc.oneof(
  quoted,
  action,
  fc.constantFrom(
    "5",
    "+5",
    "5.",
    ".5",
    "-1",
    "0x1F",
    "1e999",
    "NaN",
    "-Infinity",
    "null",
    "true",
    "x",
  ),
  fc.double().map(String),
);
const key = fc.oneof(
  fc.constantFrom("consul", "watches", "backends", "jobs", "services", "telemetry", "Consul"),
  fc.constantFrom("name", "NAME", "interval", "poll", "tag", "dc", "port", "health", "ttl", "tls"),
  fc.constantFrom("address", "scheme", "token", "verify", "cafile", "tags", "meta", "interfaces"),
  quoted,
);
const { value } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    tie("list"),
    tie("object"),
  ),
  list: fc.array(fc.tuple(space, tie("value"), space).map((parts) => parts.join("")), {
    maxLength: 3,
  })
    .map((items) => `[${items.join(",")}]`),
  object: fc.array(
    fc.tuple(key, space, tie("value"), space).map(([key, before, value, after]) =>
      `${before}${key}:${value}${after}`
    ),
    { maxLength: 4 },
  ).map((members) => `{${members.join(",")}}`),
}));
const whole = fc.tuple(value, value, value, value).map(([consul, watch, job, rest]) =>
  `{consul: ${consul}, watches: [${watch}], jobs: [${job}], backends: ${rest}}`
);
const often = (texts: string[], seldom: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...texts) }, { weight: 1, arbitrary: seldom });
const good = fc.record({
  consul: often(['"{{ .CONSUL }}"', '{address: "c:1", token: "{{ .NAME }}"}'], value),
  name: often(['"customers"', "'app-1'", '"{{ .NAME }}"'], scalar),
  interval: often(["5", '"7"', "0x10", "1.5", "true"], scalar),
  tag: often(['"a"', "''", "null", "5", '"{{ .EMPTY }}"'], scalar),
  port: often(["80", '"81"', "0", "null"], scalar),
  health: often(["{interval: 5, ttl: '1m30s'}", '"/bin/x"', "{}"], value),
  rest: often(["{level: 'INFO'}", "[]"], value),
}).map(({ consul, name, interval, tag, port, health, rest }) =>
  `{consul: ${consul}, watches: [{name: ${name}, interval: ${interval}, tag: ${tag}}], ` +
  `jobs: [{name: ${name}, port: ${port}, health: ${health}}], logging: ${rest}}`
);
const mutated = fc.tuple(
  fc.oneof(good, whole),
  fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.string({ unit: "binary", maxLength: 2 })), {
    maxLength: 3,
  }),
).map(([text, edits]) => edits.reduce(edit, text));

function edit(text: string, [at, removed, added]: [number, number, string]): string {
  const index = at % (text.length + 1);
  return text.slice(0, index) + added + text.slice(index + removed);
}

/** Texts from valid configurations to noise. */
export const configText: fc.Arbitrary<string> = fc.oneof(
  good,
  whole,
  mutated,
  value,
  fc.string({ unit: "binary" }),
);

/**
 * Reads a text: whatever it is, it must give a sound configuration or a PilotedError without
 * secrets, and soon.
 */
export async function checkConfigText(text: string): Promise<"accepted" | "refused"> {
  const start = performance.now();
  try {
    const config = await parseConfig(text, { env, path: "cp.json5" });
    assert(Object.isFrozen(config) && Object.isFrozen(config.consul));
    assert(new URL(config.consul.url).protocol.startsWith("http"), config.consul.url);
    for (const { name, intervalMs } of config.watches) {
      assert(/^[a-z][a-zA-Z0-9-]+$/.test(name), name);
      assert(intervalMs >= 1000 && Number.isInteger(intervalMs), String(intervalMs));
    }
    for (const { port } of config.registrations) assert(port >= 1 && port <= 65535, String(port));
    assertDiscreet(config.warnings.map(({ message }) => message).join("\n"), text);
    return "accepted";
  } catch (error) {
    if (!(error instanceof PilotedError)) throw error;
    assert(["CONFIG_INVALID", "TEMPLATE_INVALID"].includes(error.code), error.code);
    assert(error.path === "cp.json5", error.path);
    assertDiscreet(error.message, text);
    return "refused";
  } finally {
    // Far above what it takes, and far below what a person would call hanging.
    assert(performance.now() - start < 30_000, "It took more than 30 seconds");
  }
}

function assertDiscreet(said: string, text: string): void {
  for (const form of [SECRET, JSON.stringify(SECRET).slice(1, -1)]) {
    assert(text.includes(form) || !said.includes(form), said);
  }
}
