import { assert, assertEquals, assertMatch } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load_config.ts";
import { resolveConfig } from "../../src/config/resolve_config.ts";
import { test } from "../support/test.ts";
import { headline, rejection } from "./support.ts";

const TEXT = '{consul: "consul:8500", watches: [{name: "{{ .NAME }}", interval: 5}]}';
const env = { NAME: "app" };

// Runs with a folder that holds a configuration, under a name that a URL has to encode.
async function withFile(
  run: (path: string, folder: string) => Promise<void>,
  text: string = TEXT,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "piloted config "));
  try {
    const path = join(folder, "my containerpilot.json5");
    await writeFile(path, text);
    await run(path, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function names(config: Config): string[] {
  return config.watches.map(({ name }) => name);
}

test("loadConfig() reads a path, a file: URL and a URL object", async () => {
  await withFile(async (path) => {
    const url = pathToFileURL(path);
    const sources = [
      path,
      relative(process.cwd(), path),
      url,
      url.href,
      `file://localhost${url.pathname}`,
    ];
    for (const source of sources) {
      assertEquals(names(await loadConfig(source, { env })), ["app"], String(source));
    }
  });
});

test("loadConfig() reads the path after file:// as ContainerPilot 2 does", async () => {
  await withFile(async (path) => {
    const source = `file://./${relative(process.cwd(), path)}`;
    assertEquals(names(await loadConfig(source, { env })), ["app"]);
  });
});

test("loadConfig() names the file in errors and warnings", async () => {
  await withFile(async (path) => {
    const error = await rejection(loadConfig(path));
    assertMatch(
      headline(error),
      /^Cannot use the configuration in .*my containerpilot.json5:1:\d+: /,
    );
    assertEquals(error.path, path);
  }, "{consul: 5}");
  await withFile(async (path) => {
    const { warnings } = await loadConfig(path);
    assertEquals(warnings.map((warning) => [warning.at, warning.path]), [["odd", path]]);
  }, '{consul: "c:1", odd: 1}');
});

test("loadConfig() says why a file can't be read, and keeps the cause", async () => {
  await withFile(async (_, folder) => {
    const missing = join(folder, "missing.json5");
    const error = await rejection(loadConfig(missing));
    assertEquals(error.code, "CONFIG_NOT_FOUND");
    assertEquals(error.path, missing);
    assertEquals(
      error.message,
      `Cannot read the configuration file ${missing}: there is no such file`,
    );
    assertEquals((error.cause as { code?: string }).code, "ENOENT");
    assertMatch((await rejection(loadConfig(folder))).message, /: it is a folder$/);
    assertMatch((await rejection(loadConfig(`${missing}/x`))).message, /: there is no such file$/);
    const web = "https://me:hunter2@127.0.0.1/x";
    for (const source of [web, new URL(web)]) {
      const error = await rejection(loadConfig(source));
      assertEquals(error.code, "CONFIG_NOT_FOUND");
      assertMatch(
        error.message,
        /: a path or a file: URL is expected and another URL was received$/,
      );
      assert(!JSON.stringify(error).includes("hunter2"));
    }
  });
});

test("loadConfig() takes no text for a path, and repeats none of it", async () => {
  for (const text of ['{consul: "c:1", token: "hunter2"}', "consul:\nhunter2"]) {
    const error = await rejection(loadConfig(text));
    assertEquals(error.code, "CONFIG_NOT_FOUND");
    assertMatch(
      error.message,
      /a path is expected and a text was received, pass a text to parseConfig\(\)$/,
    );
    assert(!JSON.stringify(error).includes("hunter2"));
  }
});

test("resolveConfig() takes the file that CONTAINERPILOT names for nothing and for an empty string", async () => {
  await withFile(async (path) => {
    const values = [path, pathToFileURL(path).href, `file://${path}`];
    for (const CONTAINERPILOT of values) {
      const options = { env: { ...env, CONTAINERPILOT } };
      assertEquals(names(await resolveConfig(undefined, options)), ["app"]);
      assertEquals(names(await resolveConfig("", options)), ["app"]);
    }
  });
});

test("resolveConfig() says what to do when nothing names a file", async () => {
  for (const env of [{}, { CONTAINERPILOT: "" }]) {
    const error = await rejection(resolveConfig(undefined, { env }));
    assertEquals(error.code, "CONFIG_NOT_FOUND");
    assertEquals(
      error.message,
      "Cannot find the configuration: pass a path or an object, or set the environment variable " +
        "CONTAINERPILOT to the path of containerpilot.json5",
    );
  }
});

test("resolveConfig() reads the environment of the process when none is given", async () => {
  await withFile(async (path) => {
    const { CONTAINERPILOT, NAME } = process.env;
    try {
      Object.assign(process.env, { CONTAINERPILOT: path, NAME: "from-process" });
      assertEquals(names(await resolveConfig()), ["from-process"]);
    } finally {
      for (const [name, value] of Object.entries({ CONTAINERPILOT, NAME })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});

test("resolveConfig() reads a file again each time", async () => {
  await withFile(async (path) => {
    assertEquals(names(await resolveConfig(path, { env })), ["app"]);
    await writeFile(path, TEXT.replace("{{ .NAME }}", "other"));
    assertEquals(names(await resolveConfig(path, { env })), ["other"]);
  });
});

test("resolveConfig() gives a configuration that is ready back as it is", async () => {
  const config = await resolveConfig({ consul: "c:1", watches: [{ name: "app" }] });
  assert(await resolveConfig(config) === config);
});

test("resolveConfig() refuses a source that is none with a TypeError", async () => {
  for (const source of [5, null, true, []]) {
    const reason = await resolveConfig(source as unknown as string).catch((reason: unknown) =>
      reason
    );
    assert(reason instanceof TypeError, String(reason));
    assertMatch(reason.message, /^Cannot use the configuration: it must be .* received /);
  }
});
