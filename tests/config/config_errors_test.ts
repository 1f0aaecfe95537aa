import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseConfig } from "../../src/config/parse_config.ts";
import { test } from "../support/test.ts";
import { headline, refusal } from "./support.ts";

const FILE = `// ContainerPilot 3
{
  consul: "{{ .CONSUL }}:8500",
  watches: [
    { name: "app", interval: 5 },
    { name: "db", interval: "5s" },
  ],
}`;

test("parseConfig() points at a wrong value in the file", async () => {
  const error = await refusal(FILE, { path: "/etc/cp.json5", env: { CONSUL: "consul" } });
  assertEquals(
    error.message,
    "Cannot use the configuration in /etc/cp.json5:6:29: watches[1].interval must be " +
      'a whole number of seconds above 0, received "5s"\n' +
      '  6 |     { name: "db", interval: "5s" },\n' +
      "    |                             ^",
  );
  assertEquals(
    { code: error.code, path: error.path, line: error.line, column: error.column },
    { code: "CONFIG_INVALID", path: "/etc/cp.json5", line: 6, column: 29 },
  );
});

test("parseConfig() points at a wrong key in the file", async () => {
  const error = await refusal(FILE.replace('interval: "5s"', "ttl: 5"), { path: "cp.json5" });
  assertMatch(headline(error), /cp\.json5:6:19: watches\[1\]\.ttl is not known here/);
});

test("parseConfig() points at what is around a missing value", async () => {
  const error = await refusal(FILE.replace('name: "db", ', ""));
  assertMatch(headline(error), /in 6:5: watches\[1\]\.name must be the name of a service/);
});

test("parseConfig() points at a place after rendering by its place in the template", async () => {
  // The rendered text has other lines and columns than the template.
  const text = '{consul: "{{ .A }}",\n{{ .B }}watches: {{ .C }}[{name: 5}]}';
  const error = await refusal(text, { env: { A: "a-long-name:8500", B: "\n\n\n", C: "" } });
  assertEquals([error.line, error.column], [2, text.split("\n")[1]!.indexOf("5") + 1]);
});

test("parseConfig() points at the action that printed a mistake, and shows what it printed", async () => {
  const text = "{\n  consul: {{ .ADDRESS }},\n}";
  const error = await refusal(text, { path: "cp.json5", env: { ADDRESS: "consul:8500" } });
  assertEquals(
    error.message,
    "Cannot use the configuration in cp.json5:2:11: expected a value: a string in quotes, " +
      'a number, true, false, null, "{" or "[", received "consul"\n' +
      "  2 |   consul: {{ .ADDRESS }},\n" +
      "    |           ^\n" +
      "which was rendered as\n" +
      "  2 |   consul: consul:8500,\n" +
      "    |           ^",
  );
});

test("parseConfig() shows the rendered line when an action printed nothing there", async () => {
  const error = await refusal("{\n  consul: {{ .ADDRESS }},\n}");
  assertEquals(
    error.message.split("\n").slice(1),
    [
      "  2 |   consul: {{ .ADDRESS }},",
      "    |                         ^",
      "which was rendered as",
      "  2 |   consul: ,",
      "    |           ^",
    ],
  );
});

test("parseConfig() points at the end of a text that ends too early", async () => {
  const error = await refusal('{consul: "{{ .HOST }}:8500",\n', { env: { HOST: "consul" } });
  assertMatch(headline(error), /in 2:1: expected a key .* or "}", received the end of the text$/);
});

test("parseConfig() takes the lines of every platform, and a byte order mark for nothing", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const error = await refusal(`\uFEFF{consul: "c:1",${end}watches: [5]}`);
    assertEquals([error.line, error.column], [2, 11]);
  }
  const first = await refusal("\uFEFF{consul: 5}");
  assertEquals([first.line, first.column], [1, 10]);
});

test("parseConfig() cuts a long value that it shows", async () => {
  const error = await refusal(
    `{consul: "c:1", watches: [{name: "app", interval: "${"x".repeat(999)}"}]}`,
  );
  assertMatch(headline(error), /received "x{60}" and 939 characters more$/);
});

test("parseConfig() shows no secret of the environment in an error", async () => {
  const secret = 'p"ss\\w0rd';
  const env = { DB_PASSWORD: secret, TOKEN_1: "ab", MONKEY: "s3cr3t", PLAIN: "open" };
  const quoted = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  const texts = [
    '{consul: "c:1", watches: [{name: "app", interval: "{{ .MONKEY }}"}]}',
    '{consul: "c:1", watches: [{name: "app", interval: "5{{ .MONKEY }}"}]}',
    '{consul: "c:1", watches: [{name: "x {{ env (printf "%sKEY" "MON") }}"}]}',
    '{consul: "c:1", watches: [{name: "app", {{ .MONKEY }}: 1}]}',
    '{consul: "c:1", watches: [{name: "app", interval: 5, {{ .MONKEY }} }]}',
    "{consul: {{ .MONKEY }}}",
    '{consul: "c:1" {{ .MONKEY }}}',
    '{consul: "{{ .MONKEY }} x"}',
    '{consul: "c:1", watches: [{name: "app", interval: "{{ .DB_PASSWORD }}"}]}',
    "{consul: {scheme: '{{ .DB_PASSWORD }}'}}",
    `{consul: {scheme: "${quoted(secret)}{{ .DB_PASSWORD | len }}"}} {{ .DB_PASSWORD }}`,
    "{{ .MONKEY }}",
    "{{ with .MONKEY }}{{ . }}{{ end }}",
  ];
  for (const text of texts) {
    const error = await refusal(text, { env });
    const said = error.message.replaceAll(text, "");
    for (const form of ["s3cr3t", secret, JSON.stringify(secret).slice(1, -1)]) {
      if (!text.includes(form)) assert(!said.includes(form), `${text}\n${error.message}`);
    }
  }
});

test("parseConfig() shows nothing that was made of a secret, where it can tell", async () => {
  const env = { MONKEY: "s3cr3t" };
  for (
    const text of [
      '{consul: {{ .MONKEY | replaceAll "3" "E" }}}',
      "{consul: {{ urlquery .MONKEY }}x}",
    ]
  ) {
    const error = await refusal(text, { env });
    assertMatch(headline(error), /received a value that is not shown$/);
    assert(!/sEcrEt|s3cr3t|rendered/.test(error.message), error.message);
  }
});

test("parseConfig() hides a secret that begins with another one whole", async () => {
  const env = { A_KEY: "abc", B_KEY: "abcdef" };
  const error = await refusal('{consul: "x {{ .A_KEY }} {{ .B_KEY }}"}', { env });
  assertMatch(headline(error), /received "x \*{3} \*{6}"$/);
});

test("parseConfig() shows what is no secret", async () => {
  const error = await refusal('{consul: "{{ .PLAIN }} x"}', { env: { PLAIN: "open" } });
  assertMatch(headline(error), /received "open x"$/);
});

test("parseConfig() shows no half of a long secret", async () => {
  const long = Array.from({ length: 40 }, (_, index) => `s3cr3t${index}`).join("-");
  const env = { API_TOKEN: long, PRIVATE_KEY: `BEGIN\n${long}\nEND`, X: "x" };
  const texts = [
    '{consul: "{{ .X }} {{ .API_TOKEN }}"}',
    '{consul: "c:1", "{{ .X }}{{ .API_TOKEN }}": 1, watches: [5]}',
    '{consul: {{ .X }} "{{ .API_TOKEN }}"}',
    '{consul: {{ .X }} {{ printf "%q" .PRIVATE_KEY }}}',
    "{consul: {{ .X }} /* {{ .PRIVATE_KEY }} */}",
  ];
  for (const text of texts) {
    const error = await refusal(text, { env });
    assert(!error.message.includes("s3cr3t"), error.message);
  }
});

test("parseConfig() shows no secret that is written in the file", async () => {
  const text = `{consul: {address: 'x y', token: "hunter2", 'my_password' : 'hunter2', k: 1}}`;
  const error = await refusal(text);
  assert(!error.message.includes("hunter2"), error.message);
  assertMatch(error.message, /token: "\*{7}", 'my_password' : '\*{7}', k: 1\}\}/);
  const more = await refusal("{SECRET_KEY: 123456, consul: {token: {{ .TOKEN }}, tls: 5}}");
  assertMatch(more.message, /\{SECRET_KEY: \*{6}, consul: \{token: \{\{ \.TOKEN \}\}/);
});

test("parseConfig() shows no secret in a warning", async () => {
  const text = '{consul: "c:1", "x{{ .API_KEY }}": 1}';
  const { warnings } = await parseConfig(text, { env: { API_KEY: "s3cr3t" } });
  assertEquals(warnings, [{
    message: '["x******"] is not a known key and is left out; ContainerPilot refuses the file',
    at: '["x******"]',
    line: 1,
    column: 17,
  }]);
});

test("parseConfig() leaves an error of the template as it is", async () => {
  const error = await refusal('{consul: "{{ nofunc }}"}', { path: "cp.json5" });
  assertEquals(error.code, "TEMPLATE_INVALID");
  assertEquals([error.path, error.line, error.column], ["cp.json5", 1, 14]);
});

test("parseConfig() warns of an unknown key, and of what may have been meant", async () => {
  const { warnings } = await parseConfig('{consul: "c:1",\n Watches: [], "my key": 1}', {
    path: "cp.json5",
  });
  assertEquals(warnings, [
    {
      message: 'Watches is not a known key and is left out, did you mean "watches"; ' +
        "ContainerPilot refuses the file",
      at: "Watches",
      path: "cp.json5",
      line: 2,
      column: 2,
    },
    {
      message: '["my key"] is not a known key and is left out; ContainerPilot refuses the file',
      at: '["my key"]',
      path: "cp.json5",
      line: 2,
      column: 15,
    },
  ]);
});

test("parseConfig() does not know the keys of a loaded configuration in a text", async () => {
  const { registrations, warnings } = await parseConfig(
    '{consul: "c:1", registrations: [{name: "me", port: 80}], warnings: 5}',
  );
  assertEquals(registrations, []);
  assertEquals(warnings.map(({ at }) => at), ["registrations", "warnings"]);
  const error = await refusal('{consul: {url: "http://c:1"}}');
  assertMatch(headline(error), /consul\.url is not known here/);
});

test("parseConfig() leaves alone what belongs to ContainerPilot", async () => {
  const parts = [
    "logging",
    "control",
    "telemetry",
    "stopTimeout",
    "preStart",
    "preStop",
    "postStop",
  ];
  const more = [...parts, "onStart", "coprocesses", "tasks"].map((key) => `${key}: {x: [1]}`);
  const { warnings } = await parseConfig(`{consul: "c:1", ${more.join(", ")}}`);
  assertEquals(warnings, []);
});

test("parseConfig() counts warnings beyond the first hundred", async () => {
  const keys = Array.from({ length: 250 }, (_, index) => `x${index}: 1`).join(",\n");
  const { warnings } = await parseConfig(`{consul: "c:1", ${keys}}`);
  assertEquals(warnings.length, 101);
  assertEquals(warnings[99]!.line, 100);
  assertEquals(warnings[100], { message: "150 more warnings are left out", at: "" });
});

test("parseConfig() freezes the configuration all through", async () => {
  const config = await parseConfig(
    '{consul: {address: "https://c", tls: {verify: true}}, watches: [{name: "app"}], ' +
      'jobs: [{name: "app", port: 80, tags: ["a"], meta: {a: 1}, interfaces: "eth0"}]}',
  );
  const loose: string[] = [];
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null) return;
    if (!Object.isFrozen(value)) loose.push(path);
    for (const [key, member] of Object.entries(value)) visit(member, `${path}.${key}`);
  };
  visit(config, "config");
  assertEquals(loose, []);
  assertEquals(config.warnings.length, 1);
});

test("parseConfig() rejects a text that is none with a TypeError", async () => {
  const reason = await parseConfig(5 as unknown as string).catch((reason: unknown) => reason);
  assert(reason instanceof TypeError);
  assertEquals(
    reason.message,
    "Cannot parse a configuration: the text must be a string, received a number",
  );
});
