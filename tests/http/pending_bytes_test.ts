import { assertEquals, assertRejects } from "@std/assert";
import { PendingBytes } from "../../src/http/pending_bytes.ts";
import { test } from "../support/test.ts";

const KIB = 1_024;

function read(body: string | ReadableStream<Uint8Array>): ReadableStreamDefaultReader<Uint8Array> {
  return (body as ReadableStream<Uint8Array>).getReader();
}

test("PendingBytes sends short text as it is, and long text in pieces", async () => {
  const pending = new PendingBytes();
  assertEquals(pending.body(["a", "b"]), "ab");
  const text = "x\u00e9".repeat(100 * KIB);
  const body = pending.body(["<", text, ">"]);
  assertEquals(typeof body, "object");
  assertEquals(await new Response(body).text(), `<${text}>`);
  assertEquals(pending.total, 0);
});

test("PendingBytes counts bytes that several bodies share once, and until the last has ended", async () => {
  const pending = new PendingBytes();
  const shared = new Uint8Array(200 * KIB);
  const first = read(pending.body([shared]));
  const second = read(pending.body([shared]));
  assertEquals(pending.total, 0);
  await first.read();
  await second.read();
  assertEquals(pending.total, 200 * KIB);
  await first.cancel();
  assertEquals(pending.total, 200 * KIB);
  while (!(await second.read()).done);
  assertEquals(pending.total, 0);
});

test("PendingBytes cuts the bodies that have been under way longest when there are too many", async () => {
  const pending = new PendingBytes(500 * KIB);
  const readers = [];
  for (let i = 0; i < 4; i++) {
    const reader = read(pending.body([new Uint8Array(200 * KIB)]));
    await reader.read();
    readers.push(reader);
  }
  assertEquals(pending.total, 400 * KIB);
  for (const reader of readers.slice(0, 2)) {
    await assertRejects(() => reader.read(), Error, "too many others wait");
  }
  for (const reader of readers.slice(2)) while (!(await reader.read()).done);
  // One alone may be larger than the limit.
  const large = pending.body([new Uint8Array(600 * KIB)]);
  assertEquals((await new Response(large).arrayBuffer()).byteLength, 600 * KIB);
  assertEquals(pending.total, 0);
});

test("a body that nobody asks for is not counted", () => {
  const pending = new PendingBytes();
  pending.body([new Uint8Array(200 * KIB)]);
  assertEquals(pending.total, 0);
});
