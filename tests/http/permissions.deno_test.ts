import { assertEquals, assertExists, assertStringIncludes } from "@std/assert";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { listen } from "../../src/runtime/listen.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { startProcess } from "../support/process.ts";
import { test } from "../support/test.ts";
import { send } from "./serve_process.ts";

const ROOT = new URL("../../", import.meta.url);

test("serve.ts runs with exactly the permissions in the README", async () => {
  const readme = await readFile(new URL("README.md", ROOT), "utf8");
  const line = readme.replaceAll("\\\n", " ").split("\n")
    .find((line) => /^deno run --allow-net/.test(line));
  assertExists(line, "no command with permissions in the README");
  await using consul = new EmbeddedConsul({ acl: { tokens: { secret: "management" } } });
  const agent = await consul.listen();
  consul.register({ name: "customers", address: "10.0.0.1", port: 80, status: "passing" });
  const free = await listen(() => new Response());
  await free.close();
  const folder = await mkdtemp(join(tmpdir(), "piloted-permissions-"));
  const path = join(folder, "containerpilot.json5");
  const watches = [{ name: "customers", interval: 1 }];
  await writeFile(path, JSON.stringify({ consul: `localhost:${agent.port}`, watches }));

  // Only what depends on the machine is replaced.
  const command = line
    .replaceAll("localhost:8500", `localhost:${agent.port}`)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${free.port}`)
    .replaceAll("/etc/containerpilot.json5", path)
    .replace("run ", "run --no-prompt --no-check ");
  const args = [...command.split(/\s+/).slice(1), "--port", String(free.port)];
  const serve = startProcess(process.execPath, args, {
    cwd: new URL(ROOT).pathname,
    env: { CONSUL_HTTP_TOKEN: "secret", PILOTED_TOKEN: "lookups", CONTAINERPILOT: undefined },
  });
  try {
    const [, url] = await serve.waitFor(/^Listening on (\S+)$/m);
    const headers = { authorization: "Bearer lookups" };
    const get = async (path: string) => {
      const response = await fetch(url + path, { headers });
      assertEquals(response.status, 200, path);
      return await response.text();
    };
    assertStringIncludes(await get("/v1/services/customers/endpoint"), "10.0.0.1:80");
    for (const path of ["/", "/docs", "/metrics", "/openapi.json", "/v1/status"]) await get(path);
    send(serve, "SIGHUP");
    send(serve, "SIGTERM");
    assertEquals(await serve.exited, { code: 0, signal: null }, serve.stderr());
  } finally {
    await serve.stop();
    await rm(folder, { recursive: true });
  }
});

test("serve.ts does not start where it may not read whether there is a token", async () => {
  const args = ["run", "--no-prompt", "--no-check", "--allow-net", "--allow-env=CONTAINERPILOT"];
  for (const set of ["secret", undefined]) {
    const serve = startProcess(process.execPath, [...args, "serve.ts", "--dev", "--port", "0"], {
      cwd: new URL(ROOT).pathname,
      env: { PILOTED_TOKEN: set },
    });
    assertEquals((await serve.exited).code, 2, serve.stdout() + serve.stderr());
    assertStringIncludes(serve.stderr(), "run with --allow-env=PILOTED_TOKEN");
  }
});
