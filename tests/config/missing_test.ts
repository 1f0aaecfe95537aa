/** Variables that the templates of a configuration read and that are not set. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, type LoadConfigOptions } from "../../src/config/load_config.ts";
import { parseConfig, type ParseConfigOptions } from "../../src/config/parse_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { test } from "../support/test.ts";
import { refusal, rejection } from "./support.ts";

const TEXT = `{
  consul: "{{ .CONSULL }}:8500",
  watches: [
    { name: "{{ .NAME | default "app" }}" },
    {{- if .MORE }}{ name: "{{ .MORE }}" },{{ end }}
    { name: "b{{ .SUFFIX }}{{ .CONSULL }}b" },
  ],
}`;

test("parseConfig() warns of each variable that is read and not set", async () => {
  const { consul, warnings } = await parseConfig(TEXT, { path: "cp.json5", env: { EMPTY: "" } });
  assertEquals(consul.url, "http://127.0.0.1:8500");
  assertEquals(warnings, [
    {
      message:
        '$CONSULL is not set: an empty string is used. Set it, or write {{ .CONSULL | default "..." }}',
      at: "$CONSULL",
      path: "cp.json5",
      line: 2,
      column: 15,
    },
    {
      message:
        '$SUFFIX is not set: an empty string is used. Set it, or write {{ .SUFFIX | default "..." }}',
      at: "$SUFFIX",
      path: "cp.json5",
      line: 6,
      column: 18,
    },
    {
      message: "consul names no host: 127.0.0.1 is used",
      at: "consul",
      path: "cp.json5",
      line: 2,
      column: 11,
    },
  ]);
});

test("parseConfig() does not warn of a variable that is set, if only to the empty string", async () => {
  const env = { CONSULL: "consul", SUFFIX: "" };
  assertEquals((await parseConfig(TEXT, { env })).warnings, []);
  assertEquals((await parseConfig('{consul: "c:1", x: 1}')).warnings.length, 1);
});

test("parseConfig() places a variable behind characters of several bytes", async () => {
  const { warnings } = await parseConfig('{/* \u00e4\ud83d\ude00 */ consul: "c{{ .X }}:1"}');
  assertEquals(warnings.map(({ line, column }) => [line, column]), [[1, 25]]);
});

test("parseConfig() with missing: error refuses unset variables and names them with their place", async () => {
  const error = await refusal(TEXT, { path: "cp.json5", missing: "error" });
  assertEquals(
    error.message,
    "Cannot execute cp.json5, line 2, column 15: not set in the environment: CONSULL, SUFFIX " +
      '(set them, or write {{ .NAME | default "..." }})\n' +
      '  2 |   consul: "{{ .CONSULL }}:8500",\n' +
      "    |               ^",
  );
  assertEquals(
    [error.code, error.path, error.line, error.column],
    ["TEMPLATE_INVALID", "cp.json5", 2, 15],
  );
  const env = { CONSULL: "consul", SUFFIX: "" };
  assertEquals(
    (await parseConfig(TEXT, { env, missing: "error" })).consul.url,
    "http://consul:8500",
  );
});

test("loadConfig() and resolveConfig() take missing: error for a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "piloted-missing-"));
  try {
    const path = join(folder, "cp.json5");
    await writeFile(path, TEXT);
    const options = { env: {}, missing: "error" } as const;
    for (const read of [loadConfig, resolveConfig]) {
      const error = await rejection(read(path, options));
      assertEquals([error.code, error.path, error.line], ["TEMPLATE_INVALID", path, 2]);
    }
    const env = { CONTAINERPILOT: path };
    const error = await rejection(resolveConfig(undefined, { env, missing: "error" }));
    assertEquals(error.code, "TEMPLATE_INVALID");
    assertEquals((await resolveConfig(path, { env: {} })).warnings.length, 3);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("resolveConfig() warns of unset variables in an object, and refuses them with missing: error", async () => {
  const object = {
    consul: "{{ .CONSULL }}:8500",
    watches: [{ name: "app" }, { name: "db", tag: "{{ .TAG }}" }],
  };
  const { warnings } = await resolveConfig(object, { env: {} });
  assertEquals(warnings.map(({ message, at }) => [at, message]), [
    [
      "$CONSULL",
      "consul reads $CONSULL, which is not set: an empty string is used. " +
      'Set it, or write {{ .CONSULL | default "..." }}',
    ],
    [
      "$TAG",
      "watches[1].tag reads $TAG, which is not set: an empty string is used. " +
      'Set it, or write {{ .TAG | default "..." }}',
    ],
    ["consul", "consul names no host: 127.0.0.1 is used"],
  ]);
  const error = await rejection(
    resolveConfig({ ...object, consul: "c:1" }, { env: {}, missing: "error" }),
  );
  assertEquals(error.code, "TEMPLATE_INVALID");
  assertEquals(
    error.message.split("\n")[0],
    "Cannot execute the template in watches[1].tag, line 1, column 4: not set in the environment: " +
      'TAG (set them, or write {{ .NAME | default "..." }})',
  );
});

test("loadConfig() and parseConfig() refuse options that are none", async () => {
  const load = (options: unknown) => () => loadConfig("x", options as LoadConfigOptions);
  const parse = (options: unknown) => () => parseConfig("{}", options as ParseConfigOptions);
  const refused: [() => Promise<unknown>, string][] = [
    [load({ mising: "error" }), "of loadConfig(): there is no such option. Did you mean missing?"],
    [load({ missing: "eror" }), "it must be one of empty, error (did you mean error?)"],
    [load({ env: "A=b" }), 'option env of loadConfig(): it must be an object, received "A=b"'],
    [load({ path: "x" }), "Cannot use option path of loadConfig(): there is no such option"],
    [load("x"), 'the options of loadConfig(): they must be an object, received "x"'],
    [load(null), "the options of loadConfig(): they must be an object, received null"],
    [parse({ evn: {} }), "of parseConfig(): there is no such option. Did you mean env?"],
    [parse({ path: 5 }), "option path of parseConfig(): it must be a string, received 5"],
    [parse({ missing: true }), "it must be one of empty, error, received true"],
  ];
  for (const [call, message] of refused) await assertRejects(call, TypeError, message);
  for (const path of [5, null, undefined, {}, ["x"]]) {
    await assertRejects(
      () => loadConfig(path as string),
      TypeError,
      "Cannot read a configuration file: the path must be a string or a file: URL, received ",
    );
  }
});

test("parseConfig() takes undefined for an option that is left out", async () => {
  const config = await parseConfig('{consul: "c:1"}', {
    env: undefined,
    missing: undefined,
    path: undefined,
  });
  assert(Object.isFrozen(config));
});
