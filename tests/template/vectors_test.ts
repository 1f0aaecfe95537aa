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

await testVectors("template.json", "ContainerPilot", 394);
await testVectors("template_go.json", "Go 1.19", 598);

/** Registers the tests of a file of recorded cases, one for each of its groups. */
async function testVectors(file: string, recordedWith: string, count: number): Promise<void> {
  const { base, cases }: { base: Record<string, string>; cases: Vector[] } = JSON.parse(
    await readTextFile(new URL(`../fixtures/${file}`, import.meta.url)),
  );

  test(`renderTemplate() has all recorded cases of ${recordedWith} to render`, () => {
    assertEquals(cases.length, count);
  });

  for (const group of new Set(cases.map(({ name }) => name.replace(/-\d+$/, "")))) {
    test(`renderTemplate() does as ${recordedWith} in the recorded cases "${group}"`, async () => {
      for (const { name, template, env: given, output, error } of cases) {
        if (!name.startsWith(`${group}-`)) continue;
        const env = given === "BASE" ? base : given;
        if (error === undefined) assertEquals(await render(template, env), output, name);
        else assertEquals((await failure(template, { env })).stage, error, name);
      }
    });
  }
}
