import { assertEquals } from "@std/assert";
import { readTextFile } from "../../src/runtime/files.ts";
import { test } from "../support/test.ts";
import { failure, render } from "./support.ts";

interface Vector {
  name: string;
  template: string;
  env: "BASE" | Record<string, string>;
  output?: string;
  error?: string;
}

const { base, cases }: { base: Record<string, string>; cases: Vector[] } = JSON.parse(
  await readTextFile(new URL("../fixtures/template.json", import.meta.url)),
);

test("renderTemplate() has all recorded cases to render", () => {
  assertEquals(cases.length, 394);
});

for (const group of new Set(cases.map(({ name }) => name.replace(/-\d+$/, "")))) {
  test(`renderTemplate() does as ContainerPilot in the recorded cases "${group}"`, async () => {
    for (const { name, template, env: given, output, error } of cases) {
      if (!name.startsWith(`${group}-`)) continue;
      const env = given === "BASE" ? base : given;
      if (error === undefined) assertEquals(await render(template, env), output, name);
      else assertEquals((await failure(template, { env })).stage, error, name);
    }
  });
}
