import { assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { type Module, readModule } from "./read_module.ts";
import { unusedExports } from "./unused_exports.ts";

function unused(files: Record<string, string>, doors: string[] = ["mod.ts"]): string[] {
  const modules = Object.entries(files).map(([path, text]): [string, Module] => [
    path,
    readModule(path, text),
  ]);
  return unusedExports(new Map(modules), doors);
}

test("unusedExports() finds exports of every kind that nobody imports", () => {
  for (
    const [name, text] of [
      ["a", "export const a = 1;"],
      ["a", "export function a(): void {}"],
      ["A", "export class A {}"],
      ["A", "export interface A {}"],
      ["A", "export type A = string;"],
      ["a", "const a = 1; export { a };"],
      ["b", "const a = 1; export { a as b };"],
      ["default", "export default 1;"],
    ] as const
  ) {
    const faults = unused({ "src/a.ts": text });
    assertEquals(faults.map((fault) => fault.replace(/which .*/, "which")), [
      `src/a.ts:1 exports ${name}, which`,
    ], text);
  }
});

test("unusedExports() accepts what another file of src or a door imports, in any form", () => {
  for (
    const form of [
      `import { a } from "./src/a.ts";`,
      `import { a as b } from "./src/a.ts";`,
      `import * as all from "./src/a.ts";`,
      `export { a } from "./src/a.ts";`,
      `const { a } = await import("./src/a.ts");`,
      `type A = import("./src/a.ts").a;`,
      `type A = import("./src/a.ts").a.B;`,
    ]
  ) {
    assertEquals(unused({ "src/a.ts": "export const a = 1;", "mod.ts": form }), [], form);
    const inner = form.replace("./src/a.ts", "../a.ts");
    const files = { "src/a.ts": "export const a = 1;", "src/room/b.ts": inner };
    const faults = unused(files, ["mod.ts", "src/room/b.ts"]);
    assertEquals(faults, [], inner);
  }
});

test("unusedExports() finds a re-export that nobody imports", () => {
  const files = { "src/a.ts": "export const a = 1;", "src/b.ts": `export { a } from "./a.ts";` };
  assertEquals(unused(files), ["src/b.ts:1 exports a, which nobody uses"]);
  assertEquals(unused(files, ["src/b.ts"]), []);
});

test("unusedExports() accepts a type that another export of its file shows", () => {
  const shown = `export interface Options { readonly a: Part }
export interface Part {}
export function run(options: Options = {}): void {}`;
  assertEquals(unused({ "src/a.ts": shown, "mod.ts": `export { run } from "./src/a.ts";` }), []);
});

test("unusedExports() finds a type that only bodies and private members of its file use", () => {
  for (
    const text of [
      "export interface A {}\nexport function run(): void { let a: A; }",
      "export interface A {}\nexport class run { #a?: A; #b(): A {} }",
      "export interface A {}\nlet a: A; export const run = 1;",
    ]
  ) {
    const files = { "src/a.ts": text, "mod.ts": `export { run } from "./src/a.ts";` };
    assertEquals(unused(files), ["src/a.ts:1 exports A, which no other file imports"], text);
  }
});

test("unusedExports() lets tests import what its own file needs, and nothing else", () => {
  const tests = { "tests/a_test.ts": `import { a } from "../src/a.ts";` };
  const mod = { "mod.ts": `export { b } from "./src/a.ts";` };
  const needed = "export const a = () => 1;\nexport const b = () => { return a(); };";
  assertEquals(unused({ "src/a.ts": needed, ...tests, ...mod }), []);
  const dead = "export const a = () => 1;\nexport const b = 1;";
  assertEquals(unused({ "src/a.ts": dead, ...tests, ...mod }), [
    "src/a.ts:1 exports a, which only tests use",
  ]);
});
