import { assertEquals, assertMatch } from "@std/assert";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "../support/test.ts";

interface Found {
  code?: string;
  message?: string;
  url?: string;
  token?: string;
  watches?: string[];
}

// What a process finds that may read only some variables, on the one runtime that has permissions.
async function readConfined(allowed: string, text: string): Promise<Found> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-"));
  try {
    const path = join(folder, "containerpilot.json5");
    await writeFile(path, text);
    const child = fileURLToPath(new URL("./fixtures/config_child.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["run", "--no-prompt", "--no-check", `--allow-env=${allowed}`, `--allow-read=${path}`, child],
      { env: { ...process.env, CONTAINERPILOT: path, NAME_1: "web", CONSUL_HTTP_TOKEN: "secret" } },
    );
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("environment() needs only the permission for the names in use", async () => {
  const text = '{consul: "c:1", watches: [{name: "{{ .NAME_1 }}"}]}';
  assertEquals(await readConfined("CONTAINERPILOT,NAME_1", text), {
    url: "http://c:1",
    watches: ["web"],
  });
  assertEquals(
    (await readConfined("CONTAINERPILOT,NAME_1,CONSUL_HTTP_TOKEN", text)).token,
    "secret",
  );
});

test("environment() needs only the permission for the names that a template makes", async () => {
  const text = '{consul: "c:1", watches: [{name: "{{ env (printf "NAME_%d" 1) }}"}]}';
  assertEquals((await readConfined("CONTAINERPILOT,NAME_*", text)).watches, ["web"]);
});

test("environment() says which permission is missing", async () => {
  const template = await readConfined("CONTAINERPILOT", '{consul: "{{ .NAME_1 }}:1"}');
  assertEquals(template.code, "CONFIG_INVALID");
  assertMatch(template.message!, /variable NAME_1: .*, run with --allow-env=NAME_1$/);
  const variable = await readConfined("HOME", "{}");
  assertMatch(variable.message!, /run with --allow-env=CONTAINERPILOT$/);
});
