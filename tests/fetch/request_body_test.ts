import { assert, assertEquals, assertRejects } from "@std/assert";
import { isReplayable, takeBody } from "../../src/fetch/request_body.ts";
import { test } from "../support/test.ts";

const text = (bytes: AllowSharedBufferSource) => new TextDecoder().decode(bytes);

test("isReplayable() tells what can be sent twice", () => {
  const bytes = new Uint8Array(2);
  const twice = [undefined, null, "", "x", bytes, bytes.buffer, new DataView(bytes.buffer)];
  for (const body of twice) assert(isReplayable(body));
  for (const body of [new Blob(["x"]), new FormData(), new URLSearchParams()]) {
    assert(isReplayable(body));
  }
  async function* pieces() {
    yield bytes;
  }
  for (const body of [new ReadableStream(), pieces()]) assert(!isReplayable(body));
});

test("takeBody() makes bytes of the body of a request that was made of something complete", async () => {
  const form = new FormData();
  form.set("name", "value");
  const bodies: [BodyInit, (body: string) => boolean][] = [
    ["hello", (body) => body === "hello"],
    ["x".repeat(65_536), (body) => body.length === 65_536],
    [new TextEncoder().encode("bytes"), (body) => body === "bytes"],
    [new URLSearchParams({ a: "1" }), (body) => body === "a=1"],
    [form, (body) => body.includes('name="name"')],
    ["", (body) => body === ""],
  ];
  for (const [body, isRight] of bodies) {
    const request = new Request("http://app/", { method: "POST", body });
    if (request.body === null) continue;
    const taken = await takeBody(request.body);
    assert(taken instanceof Uint8Array, `${taken}`);
    assert(isRight(text(taken)));
  }
});

test("takeBody() leaves a body of more than 64 KiB a stream, and loses nothing of it", async () => {
  const pieces = Array.from({ length: 5 }, (_, i) => new Uint8Array(20_000).fill(i));
  const stream = new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const taken = await takeBody(stream);
  assert(taken instanceof ReadableStream);
  const bytes = new Uint8Array(await new Response(taken).arrayBuffer());
  assertEquals(bytes.length, 100_000);
  pieces.forEach((_, i) => assertEquals(bytes[i * 20_000 + 19_999], i));
});

test("takeBody() waits for a small body, however slowly it is written", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const taken = takeBody(readable);
  const writer = writable.getWriter();
  for (const piece of ["one ", "two"]) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    void writer.write(new TextEncoder().encode(piece));
  }
  void writer.close();
  assertEquals(text(await taken as Uint8Array<ArrayBuffer>), "one two");
});

test("takeBody() hands a cancellation and a failure on", async () => {
  let cancelled: unknown;
  const taken = await takeBody(
    new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(70_000)),
      cancel: (reason) => void (cancelled = reason),
    }),
  );
  await (taken as ReadableStream).cancel("enough");
  assertEquals(cancelled, "enough");
  const failing = new ReadableStream({
    start: (controller) => controller.error(new Error("lost")),
  });
  await assertRejects(() => takeBody(failing), Error, "lost");
});
