import { assert, assertEquals, assertRejects } from "@std/assert";
import { execFileSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readTextFile, writeTextFile } from "../../src/runtime/files.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
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

test("writeTextFile() creates a file for its owner alone, and replaces it", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "a");
    await writeTextFile(path, "one");
    assertEquals((await stat(path)).mode & 0o777, 0o600);
    const before = (await stat(path)).ino;
    await writeTextFile(path, "two");
    assertEquals(await readFile(path, "utf8"), "two");
    // Another file under the same name, not the old one overwritten.
    assert((await stat(path)).ino !== before);
    assertEquals(await readdir(folder), ["a"]);
  }));

test("writeTextFile() keeps the permissions of a file", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "a");
    await writeFile(path, "one");
    await chmod(path, 0o640);
    await writeTextFile(path, "two");
    assertEquals((await stat(path)).mode & 0o777, 0o640);
  }));

test("writeTextFile() follows links to their target, also one that is not there yet", () =>
  withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, "data"));
    await symlink("data/target", join(folder, "relative"));
    await symlink(join(folder, "relative"), join(folder, "link"));
    for (const text of ["one", "two"]) {
      await writeTextFile(join(folder, "link"), text);
      assertEquals(await readFile(join(folder, "data/target"), "utf8"), text);
    }
    assertEquals(await readlink(join(folder, "relative")), "data/target");
    assert((await lstat(join(folder, "link"))).isSymbolicLink());
    assert((await lstat(join(folder, "data/target"))).isFile());
    assertEquals((await readdir(folder)).sort(), ["data", "link", "relative"]);
  }));

test("writeTextFile() refuses a folder, a device, a pipe, a socket and links in a circle", () =>
  withTemporaryFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await mkdir(at("folder"));
    execFileSync("mkfifo", [at("pipe")]);
    await symlink("/dev/null", at("device"));
    await symlink("folder", at("link"));
    await symlink("circle", at("circle"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
    const before = (await readdir(folder)).sort();
    for (
      const [name, why] of [
        [at("folder"), "it is a folder, not a regular file"],
        [at("pipe"), "it is a pipe, not a regular file"],
        ["/dev/null", "Cannot write /dev/null: it is a device, not a regular file"],
        [at("device"), `Cannot write ${at("device")} (a link to /dev/null): it is a device`],
        [at("link"), `(a link to ${at("folder")}): it is a folder`],
        [at("circle"), "more than 40 symbolic links"],
        [at("socket"), "it is a socket, not a regular file"],
      ] as const
    ) {
      await assertRejects(() => writeTextFile(name, "text"), Error, why);
    }
    assert((await stat("/dev/null")).isCharacterDevice());
    assertEquals((await readdir(folder)).sort(), before);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }));

test("writeTextFile() leaves nothing behind when it fails", () =>
  withTemporaryFolder(async (folder) => {
    await assertRejects(() => writeTextFile(join(folder, "missing", "a"), "text"));
    await writeFile(join(folder, "file"), "");
    await assertRejects(() => writeTextFile(join(folder, "file", "a"), "text"));
    assertEquals(await readdir(folder), ["file"]);
  }));
