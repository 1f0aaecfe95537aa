import { assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { type Module, readModule } from "./read_module.ts";
import { coreFaults, importFaults, nameFaults, roomOf, shapeFaults } from "./rules.ts";

test("roomOf() tells leaves, rooms and doors apart", () => {
  assertEquals(roomOf("src/errors.ts"), "leaves");
  assertEquals(roomOf("src/http/routes/live.ts"), "http");
  assertEquals(roomOf("src/runtime/transport/pool.ts"), "runtime");
  assertEquals(roomOf("src/plugs/otel/mod.ts"), "plugs/otel");
  assertEquals(roomOf("mod.ts"), "mod.ts");
});

test("importFaults() finds an import against the directions, in each of its forms", () => {
  const forms = [
    `import { open } from "../registry/session.ts";`,
    `import type { Session } from "../registry/session.ts";`,
    `import "../registry/session.ts";`,
    `export { open } from "../registry/session.ts";`,
    `export type { Session } from "../registry/session.ts";`,
    `export * from "../registry/session.ts";`,
    `const a = await import("../registry/session.ts");`,
    `type A = import("../registry/session.ts").Session;`,
  ];
  for (const form of forms) {
    const faults = importFaults(readModule("src/balance/random.ts", form));
    const expected = ["src/balance/random.ts:1 imports registry: src/registry/session.ts"];
    assertEquals(faults, expected, form);
    assertEquals(importFaults(readModule("src/http/routes.ts", form)), [], form);
  }
});

// From the leaves up: what stands on the left may import only what stands before it.
const forbidden: readonly [from: string, specifier: string][] = [
  ["src/errors.ts", "./source/source.ts"],
  ["src/errors.ts", "./runtime/files.ts"],
  ["src/template/lexer.ts", "../config/config.ts"],
  ["src/template/lexer.ts", "../runtime/files.ts"],
  ["src/runtime/environment.ts", "../config/load_config.ts"],
  ["src/runtime/transport/pool.ts", "../../config/load_config.ts"],
  ["src/config/load_config.ts", "../source/source.ts"],
  ["src/config/load_config.ts", "../client/piloted.ts"],
  ["src/source/consul.ts", "../config/config.ts"],
  ["src/source/consul.ts", "../runtime/transport.ts"],
  ["src/source/consul.ts", "../registry/session.ts"],
  ["src/balance/random.ts", "../source/source.ts"],
  ["src/balance/random.ts", "../fetch/hedge.ts"],
  ["src/fetch/create_fetch.ts", "../watch/status.ts"],
  ["src/fetch/create_fetch.ts", "../client/piloted.ts"],
  ["src/fetch/create_fetch.ts", "../source/source.ts"],
  ["src/registry/session.ts", "../watch/live_watch.ts"],
  ["src/registry/session.ts", "../client/events.ts"],
  ["src/registry/session.ts", "../template/mod.ts"],
  ["src/watch/live_watch.ts", "../client/events.ts"],
  ["src/watch/live_watch.ts", "../fetch/create_fetch.ts"],
  ["src/watch/live_watch.ts", "../template/mod.ts"],
  ["src/client/piloted.ts", "../plugs/otel/mod.ts"],
  ["src/registration/register.ts", "../client/piloted.ts"],
  ["src/registration/register.ts", "../watch/watch.ts"],
  ["src/client/piloted.ts", "../http/routes.ts"],
  ["src/client/piloted.ts", "../testing/mod.ts"],
  ["src/plugs/otel/mod.ts", "../../http/routes.ts"],
  ["src/plugs/otel/mod.ts", "../undici/mod.ts"],
  ["src/plugs/otel/mod.ts", "../../runtime/files.ts"],
  ["src/registration/register.ts", "../http/routes.ts"],
  ["src/registration/register.ts", "../plugs/otel/mod.ts"],
  ["src/registration/register.ts", "../supervisor/jobs.ts"],
  ["src/supervisor/jobs.ts", "../http/routes.ts"],
  ["src/http/routes.ts", "../supervisor/jobs.ts"],
  ["src/http/routes.ts", "../testing/mod.ts"],
  ["src/http/routes.ts", "../cli/serve_command.ts"],
  ["src/http/routes.ts", "../runtime/files.ts"],
  ["src/http/routes.ts", "../../mod.ts"],
  ["src/testing/mod.ts", "../http/routes.ts"],
  ["src/cli/serve_command.ts", "../../mod.ts"],
  ["src/config/load_config.ts", "../../tests/support/test.ts"],
  ["src/new_room/file.ts", "../errors.ts"],
  ["mod.ts", "./src/http/mod.ts"],
  ["mod.ts", "./src/plugs/otel/mod.ts"],
  ["mod.ts", "./src/supervisor/jobs.ts"],
  ["mod.ts", "./tests/support/test.ts"],
  ["src/errors.ts", "./clock"],
  ["src/errors.ts", "./clock.js"],
];

for (const [from, specifier] of forbidden) {
  test(`importFaults() does not let ${from} import ${specifier}`, () => {
    assertEquals(importFaults(readModule(from, `import "${specifier}";`)).length, 1);
  });
}

test("importFaults() lets through what the directions allow", () => {
  const allowed: [string, string][] = [
    ["src/errors.ts", "./text_position.ts"],
    ["src/template/lexer.ts", "../errors.ts"],
    ["src/config/read.ts", "../template/mod.ts"],
    ["src/runtime/transport.ts", "../config/config.ts"],
    ["src/runtime/transport.ts", "./transport/pool.ts"],
    ["src/registry/session.ts", "../source/source.ts"],
    ["src/watch/live_watch.ts", "../registry/session.ts"],
    ["src/watch/snapshot_file.ts", "../runtime/files.ts"],
    ["src/fetch/create_fetch.ts", "../balance/lease.ts"],
    ["src/client/piloted.ts", "../fetch/create_fetch.ts"],
    ["src/client/piloted.ts", "../watch/live_watch.ts"],
    ["src/client/piloted.ts", "../runtime/signals.ts"],
    ["src/plugs/otel/mod.ts", "../../client/piloted.ts"],
    ["src/plugs/otel/mod.ts", "./otel_observer.ts"],
    ["src/client/piloted.ts", "../registration/register.ts"],
    ["src/supervisor/jobs.ts", "../registration/register.ts"],
    ["src/http/routes/lookup.ts", "../../client/piloted.ts"],
    ["src/testing/mod.ts", "../client/piloted.ts"],
    ["src/cli/serve_command.ts", "../http/mod.ts"],
    ["src/cli/serve_command.ts", "../testing/mod.ts"],
    ["serve.ts", "./mod.ts"],
    ["serve.ts", "./src/testing/mod.ts"],
    ["mod.ts", "./src/client/piloted.ts"],
  ];
  for (const [path, specifier] of allowed) {
    const module = readModule(path, `import "${specifier}";`);
    assertEquals(importFaults(module), [], `${path} imports ${specifier}`);
  }
});

test("importFaults() lets packages into their rooms alone", () => {
  const faults = (path: string, specifier: string) =>
    importFaults(readModule(path, `import "${specifier}";`)).length;
  assertEquals(faults("src/config/parse.ts", "json5"), 0);
  assertEquals(faults("src/source/consul.ts", "json5"), 1);
  assertEquals(faults("src/http/routes.ts", "hono/streaming"), 0);
  assertEquals(faults("src/client/piloted.ts", "hono"), 1);
  assertEquals(faults("src/source/static.ts", "@std/assert"), 1);
  assertEquals(faults("src/config/read.ts", "@std/path"), 0);
  assertEquals(faults("src/config/read.ts", "@std/pathology"), 1);
  assertEquals(faults("src/config/read.ts", "left-pad"), 1);
  assertEquals(faults("src/config/read.ts", "node:fs"), 1);
  assertEquals(faults("src/config/read.ts", "fs"), 1);
  assertEquals(faults("src/runtime/files.ts", "node:fs"), 0);
  assertEquals(faults("src/plugs/otel/mod.ts", "@opentelemetry/api"), 0);
  assertEquals(faults("src/plugs/undici/mod.ts", "@opentelemetry/api"), 1);
  assertEquals(faults("src/http/routes.ts", "@opentelemetry/api"), 1);
});

test("importFaults() refuses an import that is computed, outside of the runtime room", () => {
  const text = "export const load = (name: string) => import(`./${name}.ts`);";
  assertEquals(importFaults(readModule("src/config/read.ts", text)).length, 1);
  assertEquals(importFaults(readModule("src/runtime/files.ts", text)), []);
});

test("nameFaults() finds a runtime and console in code, however they are named", () => {
  const code = [
    `Deno.env.get("A");`,
    `const d = (globalThis as { Deno?: unknown }).Deno;`,
    `const { Deno: d } = globalThis as any;`,
    `const d = (globalThis as any)["Deno"];`,
    `if ("Deno" in globalThis) run();`,
    `type D = typeof Deno;`,
    `process.exit(1);`,
    `globalThis.process?.on("SIGHUP", () => {});`,
    "const a = `${process.pid}`;",
    `export const b: typeof Bun.file = 1 as never;`,
    `Buffer.from("a");`,
    `console.log("a");`,
    `const a = 4 / 2; console.error(/"/.test("'"));`,
  ];
  for (const text of code) {
    const faults = nameFaults(readModule("src/source/consul.ts", text));
    assertEquals(faults.length > 0, true, text);
  }
});

test("nameFaults() passes over comments, strings and other words", () => {
  const text = `
    // Deno, Bun and process.env
    /** console.log(process) */
    const a = "Deno " + 'process' + \`Bun \${a} console\` + /process/.source;
    const processed = deno;
  `;
  assertEquals(nameFaults(readModule("src/source/consul.ts", text)), []);
});

test("nameFaults() lets the runtime room name runtimes, but not console", () => {
  const text = `process.on("SIGHUP", console.log);`;
  assertEquals(nameFaults(readModule("src/runtime/signals.ts", text)), [
    "src/runtime/signals.ts:1 names console",
  ]);
  assertEquals(nameFaults(readModule("src/cli/serve.ts", text)), []);
});

test("shapeFaults() finds export *, names and files that are too long", () => {
  assertEquals(shapeFaults(readModule("src/a.ts", `export * from "./b.ts";`)), [
    "src/a.ts:1 exports *",
  ]);
  assertEquals(shapeFaults(readModule("src/a.ts", `export * as b from "./b.ts";`)), [
    "src/a.ts:1 exports *",
  ]);
  assertEquals(shapeFaults(readModule("src/aB.ts", "")), ["src/aB.ts is not in snake_case"]);
  assertEquals(shapeFaults(readModule("src/a.ts", "a();\n".repeat(350))), []);
  assertEquals(shapeFaults(readModule("src/a.ts", "a();\n".repeat(351))), [
    "src/a.ts has 351 lines",
  ]);
});

test("coreFaults() follows every import from mod.ts", () => {
  const house = (listen: string): Map<string, Module> =>
    new Map(
      Object.entries({
        "mod.ts": `export { a } from "./src/client/a.ts";`,
        "src/client/a.ts": `export const a = () => import("../runtime/b.ts");`,
        "src/runtime/b.ts": listen,
        "src/http/mod.ts": "",
      }).map(([path, text]) => [path, readModule(path, text)]),
    );
  assertEquals(coreFaults(house("")), []);
  assertEquals(coreFaults(house(`import("hono/streaming");`)), ["mod.ts reaches hono/streaming"]);
  assertEquals(coreFaults(house(`import("../http/mod.ts");`)), ["mod.ts reaches src/http/mod.ts"]);
  assertEquals(coreFaults(house(`import "./c.ts";`)), [
    "src/runtime/b.ts imports ./c.ts, which does not exist",
  ]);
});
