import { assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { circleFaults } from "./circles.ts";
import { type Module, readModule } from "./read_module.ts";

function house(files: Record<string, string>): Map<string, Module> {
  return new Map(Object.entries(files).map(([path, text]) => [path, readModule(path, text)]));
}

test("circleFaults() finds two files that import each other, each pair once", () => {
  assertEquals(
    circleFaults(house({
      "src/a.ts": `import { b } from "./b.ts";`,
      "src/b.ts": `import { a } from "./a.ts";`,
    })),
    ["src/a.ts -> src/b.ts -> src/a.ts"],
  );
});

test("circleFaults() counts types, dynamic imports and re-exports", () => {
  for (
    const form of [
      `import type { A } from "./a.ts";`,
      `type A = import("./a.ts").A;`,
      `export type { A } from "./a.ts";`,
      `export const load = () => import("./a.ts");`,
    ]
  ) {
    const files = { "src/a.ts": `import type { B } from "./b.ts";`, "src/b.ts": form };
    assertEquals(circleFaults(house(files)), ["src/a.ts -> src/b.ts -> src/a.ts"], form);
  }
});

test("circleFaults() shows the shortest way through other rooms", () => {
  assertEquals(
    circleFaults(house({
      "src/watch/a.ts": `import "../client/b.ts"; import "./d.ts";`,
      "src/client/b.ts": `import "./c.ts";`,
      "src/client/c.ts": `import "../watch/a.ts";`,
      "src/watch/d.ts": "",
    })),
    ["src/watch/a.ts -> src/client/b.ts -> src/client/c.ts -> src/watch/a.ts"],
  );
});

test("circleFaults() finds a file that imports itself", () => {
  assertEquals(circleFaults(house({ "src/a.ts": `import "./a.ts";` })), ["src/a.ts -> src/a.ts"]);
});

test("circleFaults() finds nothing where two ways lead to the same file", () => {
  assertEquals(
    circleFaults(house({
      "src/a.ts": `import "./b.ts"; import "./c.ts"; import "node:fs";`,
      "src/b.ts": `import "./d.ts";`,
      "src/c.ts": `import "./d.ts";`,
      "src/d.ts": "",
    })),
    [],
  );
});
