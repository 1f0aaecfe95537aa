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
    ["x".repeat(1_000_000), (body) => body.length === 1_000_000],
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

test("takeBody() leaves a stream that is still being written a stream, and loses nothing of it", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  void writer.write(new TextEncoder().encode("one "));
  const taken = await takeBody(readable);
  assert(taken instanceof ReadableStream);
  void writer.write(new TextEncoder().encode("two"));
  void writer.close();
  assertEquals(await new Response(taken).text(), "one two");
});

test("takeBody() hands a cancellation and a failure on", async () => {
  let cancelled: unknown;
  const taken = await takeBody(
    new ReadableStream({ cancel: (reason) => void (cancelled = reason) }),
  );
  await (taken as ReadableStream).cancel("enough");
  assertEquals(cancelled, "enough");
  const failing = new ReadableStream({
    start: (controller) => controller.error(new Error("lost")),
  });
  await assertRejects(() => takeBody(failing), Error, "lost");
});
