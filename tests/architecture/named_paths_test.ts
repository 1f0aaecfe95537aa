import { assertEquals } from "@std/assert";
import { test } from "../support/test.ts";
import { namedPaths, pathFaults } from "./named_paths.ts";

function paths(text: string, folder?: string): string[] {
  return namedPaths(text, folder).map(({ path }) => path);
}

test("namedPaths() finds folders and files of the project in running text", () => {
  assertEquals(paths("See `src/client/` and tests/support/test.ts."), [
    "src/client",
    "tests/support/test.ts",
  ]);
  assertEquals(paths("deno run -A ./scripts/test.ts tests"), ["scripts/test.ts"]);
  assertEquals(paths("`.ci/run` and .github/workflows/ci.yml"), [
    ".ci/run",
    ".github/workflows/ci.yml",
  ]);
});

test("namedPaths() finds TypeScript files between backticks", () => {
  assertEquals(paths("Run `serve.ts`; `config/config.ts` has types, text.ts does not count"), [
    "serve.ts",
    "config/config.ts",
  ]);
});

test("namedPaths() reads links from the folder of their document", () => {
  assertEquals(paths("[a](http.md#page) [b](../README.md)", "docs"), ["docs/http.md", "README.md"]);
  assertEquals(paths("[a](https://example.org/src/a.ts) [b](#here)"), []);
});

test("namedPaths() passes over addresses, other projects and placeholders", () => {
  assertEquals(paths("https://host/src/a.ts, node_modules/a/src/b.ts, ../shared/docs/c.md"), []);
  assertEquals(paths("`src/plugs/NAME/mod.ts` and `NAME_test.ts`"), ["src/plugs"]);
  assertEquals(paths("`src/*.ts`"), ["src"]);
});

test("pathFaults() finds names of what does not exist", () => {
  const existing = ["src", "src/client", "src/client/piloted.ts"];
  const named = namedPaths("`src/client/`\n`src/supervisor/`, `piloted.ts`, `cli.ts`");
  assertEquals(pathFaults("A.md", named, existing), [
    "A.md:2 names what does not exist: src/supervisor",
    "A.md:2 names what does not exist: cli.ts",
  ]);
});

test("pathFaults() lets a document name what is planned, until it exists", () => {
  const named = namedPaths("| `src/supervisor/` | planned |");
  assertEquals(pathFaults("A.md", named, ["src"]), []);
  assertEquals(pathFaults("A.md", named, ["src", "src/supervisor"]), [
    "A.md:1 calls planned what exists: src/supervisor",
  ]);
});
