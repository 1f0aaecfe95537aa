import { assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { type Module, readModule } from "./read_module.ts";
import { coreFaults, importFaults, nameFaults, roomOf, shapeFaults } from "./rules.ts";

test("roomOf() tells leaves, rooms and doors apart", () => {
  assertEquals(roomOf("src/errors.ts"), "leaves");
  assertEquals(roomOf("src/http/routes/live.ts"), "http");
  assertEquals(roomOf("mod.ts"), "mod.ts");
});

test("importFaults() finds an import against the directions, in each of its forms", () => {
  const forms = [
    `import { watch } from "../discovery/watcher.ts";`,
    `import type { Watcher } from "../discovery/watcher.ts";`,
    `import "../discovery/watcher.ts";`,
    `export { watch } from "../discovery/watcher.ts";`,
    `export type { Watcher } from "../discovery/watcher.ts";`,
    `export * from "../discovery/watcher.ts";`,
    `const a = await import("../discovery/watcher.ts");`,
    `type A = import("../discovery/watcher.ts").Watcher;`,
  ];
  for (const form of forms) {
    const faults = importFaults(readModule("src/balance/random.ts", form));
    const expected = ["src/balance/random.ts:1 imports discovery: src/discovery/watcher.ts"];
    assertEquals(faults, expected, form);
    assertEquals(importFaults(readModule("src/http/routes.ts", form)), [], form);
  }
});

test("importFaults() finds every direction that design.md forbids", () => {
  const forbidden: [string, string][] = [
    ["src/errors.ts", "./source/source.ts"],
    ["src/template/lexer.ts", "../clock.ts"],
    ["src/template/lexer.ts", "../config/config.ts"],
    ["src/config/read.ts", "../discovery/piloted.ts"],
    ["src/source/consul.ts", "../discovery/piloted.ts"],
    ["src/runtime/env.ts", "../config/load_config.ts"],
    ["src/discovery/piloted.ts", "../fetch/create_fetch.ts"],
    ["src/discovery/piloted.ts", "../http/routes.ts"],
    ["src/fetch/create_fetch.ts", "../http/routes.ts"],
    ["src/discovery/piloted.ts", "../testing/mod.ts"],
    ["src/http/routes.ts", "../testing/mod.ts"],
    ["src/http/routes.ts", "../cli/serve.ts"],
    ["src/http/routes.ts", "../../mod.ts"],
    ["src/cli/serve.ts", "../../mod.ts"],
    ["src/config/read.ts", "../../tests/support/test.ts"],
    ["src/new_room/file.ts", "../errors.ts"],
    ["mod.ts", "./src/http/mod.ts"],
    ["mod.ts", "./tests/support/test.ts"],
    ["src/errors.ts", "./clock"],
    ["src/errors.ts", "./clock.js"],
  ];
  for (const [path, specifier] of forbidden) {
    const module = readModule(path, `import "${specifier}";`);
    assertEquals(importFaults(module).length, 1, `${path} imports ${specifier}`);
  }
});

test("importFaults() lets through what design.md allows", () => {
  const allowed: [string, string][] = [
    ["src/errors.ts", "./text_position.ts"],
    ["src/template/lexer.ts", "../errors.ts"],
    ["src/config/read.ts", "../template/mod.ts"],
    ["src/discovery/piloted.ts", "../runtime/signals.ts"],
    ["src/runtime/transport.ts", "../config/config.ts"],
    ["src/fetch/create_fetch.ts", "../discovery/piloted.ts"],
    ["src/cli/serve.ts", "../http/routes.ts"],
    ["serve.ts", "./mod.ts"],
    ["serve.ts", "./src/testing/mod.ts"],
    ["mod.ts", "./src/discovery/piloted.ts"],
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
  assertEquals(faults("src/discovery/piloted.ts", "hono"), 1);
  assertEquals(faults("src/source/static.ts", "@std/assert"), 1);
  assertEquals(faults("src/config/read.ts", "@std/path"), 0);
  assertEquals(faults("src/config/read.ts", "@std/pathology"), 1);
  assertEquals(faults("src/config/read.ts", "left-pad"), 1);
  assertEquals(faults("src/config/read.ts", "node:fs"), 1);
  assertEquals(faults("src/config/read.ts", "fs"), 1);
  assertEquals(faults("src/runtime/files.ts", "node:fs"), 0);
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
        "mod.ts": `export { a } from "./src/discovery/a.ts";`,
        "src/discovery/a.ts": `export const a = () => import("../runtime/b.ts");`,
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
