import { assertEquals, assertRejects } from "@std/assert";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { openToken } from "../../src/cli/serve_token.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

function recorder() {
  const lines: string[] = [];
  const add = (line: string) => void lines.push(line);
  return { lines, info: add, warn: add, error: add };
}

test("openToken() reads files with a byte order mark, in UTF-8 and UTF-16", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "token");
    const utf16 = new Uint8Array(
      new Uint16Array([0xfeff, ...Array.from("secret\r\n", (c) => c.charCodeAt(0))]).buffer,
    );
    const swapped = utf16.map((_, at) => utf16[at ^ 1]!);
    for (const content of ["secret", "\ufeffsecret\r\n", " secret\n\n", utf16, swapped]) {
      await writeFile(path, content);
      const token = (await openToken(path, recorder()))!;
      assertEquals(token.current(), "secret");
      token.close();
    }
  }));

test("openToken() says plainly why a file cannot be used, without its content", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "token");
    const cases: [string, string][] = [["", "it is empty"], ["two words", "letters, digits"]];
    for (const [content, why] of cases) {
      await writeFile(path, content);
      const error = await assertRejects(() => openToken(path, recorder()), UsageError, why);
      assertEquals(error.message.includes("words"), false);
    }
    await mkdir(join(folder, "folder"));
    const [inFolder, missing] = [join(folder, "folder"), join(folder, "missing")];
    await assertRejects(() => openToken(inFolder, recorder()), UsageError, "it is a folder");
    await assertRejects(() => openToken(missing, recorder()), UsageError, "there is no such file");
  }));

test("openToken() takes a new token from its file, on reload() and by itself", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "token");
    const log = recorder();
    await writeFile(path, "first");
    const token = (await openToken(path, log))!;
    await writeFile(path, "second");
    await token.reload();
    assertEquals(token.current(), "second");
    for (const broken of ["", "no token"]) {
      await writeFile(path, broken);
      await token.reload();
      await token.reload();
      assertEquals(token.current(), "second");
    }
    assertEquals(log.lines.map((line) => line.replaceAll(path, "F")), [
      "Read a new token from F",
      "Cannot use the token in --token-file F: it is empty; the old token stays valid",
      "Cannot use the token in --token-file F: it must be one or more letters, digits and " +
      "._~+/- with = only at the end; the old token stays valid",
    ]);
    await writeFile(path, "third");
    await waitUntil(() => token.current() === "third");
    token.close();
  }));

test("openToken() without a file takes $PILOTED_TOKEN, and refuses an empty one", async () => {
  const before = process.env.PILOTED_TOKEN;
  try {
    delete process.env.PILOTED_TOKEN;
    assertEquals(await openToken(undefined, recorder()), undefined);
    process.env.PILOTED_TOKEN = "secret";
    assertEquals((await openToken(undefined, recorder()))!.current(), "secret");
    process.env.PILOTED_TOKEN = "";
    await assertRejects(() => openToken(undefined, recorder()), UsageError, "it is empty");
  } finally {
    if (before === undefined) delete process.env.PILOTED_TOKEN;
    else process.env.PILOTED_TOKEN = before;
  }
});
