import { assertEquals } from "@std/assert";
import { parseConfig } from "../../src/config/parse_config.ts";
import { readTextFile } from "../../src/runtime/files.ts";
import { test } from "../support/test.ts";
import { refusal } from "./support.ts";

interface Vector {
  name: string;
  text: string;
  env: Record<string, string>;
  watches?: { name: string; interval: number; tag: string; dc: string }[];
  reject?: boolean;
}

const { cases }: { cases: Vector[] } = JSON.parse(
  await readTextFile(new URL("../fixtures/config.json", import.meta.url)),
);

test("parseConfig() has all recorded cases to read", () => {
  assertEquals(cases.length, 61);
});

for (const { name, text, env, watches } of cases) {
  if (watches === undefined) {
    test(`parseConfig() refuses what ContainerPilot refuses: ${name}`, async () => {
      await refusal(text, { env });
    });
  } else {
    test(`parseConfig() understands what ContainerPilot understands: ${name}`, async () => {
      const config = await parseConfig(text, { env });
      assertEquals(
        config.watches,
        watches.map(({ name, interval, tag, dc }) => ({
          name,
          tag: tag || undefined,
          datacenter: dc || undefined,
          intervalMs: interval * 1000,
        })),
      );
    });
  }
}
