import { assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readTextFile } from "../../src/runtime/files.ts";
import { test } from "../support/test.ts";

test("readTextFile() reads UTF-8 from a path and from a file: URL", async () => {
  const folder = await mkdtemp(join(tmpdir(), "piloted-"));
  try {
    const path = join(folder, "a b%20c.txt");
    await writeFile(path, new Uint8Array([0xc3, 0xa9, 0xff]));
    assertEquals(await readTextFile(path), "\u00e9\ufffd");
    assertEquals(await readTextFile(pathToFileURL(path)), "\u00e9\ufffd");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("readTextFile() rejects where a runtime has no files", async () => {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  Object.defineProperty(globalThis, "process", { value: undefined, configurable: true });
  try {
    await assertRejects(
      () => readTextFile("/x"),
      Error,
      "Cannot read a file: this runtime has no file system",
    );
  } finally {
    Object.defineProperty(globalThis, "process", descriptor);
  }
});
