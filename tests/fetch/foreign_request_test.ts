/** Bodies and requests that other packages and the file system make: length kept, and repeatable. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fs from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import NodeFetch, { Request as NodeFetchRequest } from "node-fetch";
import { FormData as UndiciFormData, Request as UndiciRequest } from "undici";
import { test } from "../support/test.ts";
import { type Backends, type SocketHandler, withBackends } from "./sockets.ts";

interface Seen {
  readonly length: string | undefined;
  readonly encoding: string | undefined;
  readonly type: string | undefined;
  readonly method: string | undefined;
  readonly body: string;
}

/** A server that refuses every first request, and one that keeps what it sees. */
async function sentTwice(run: (fetch: Backends["fetch"]) => Promise<Response>): Promise<Seen[]> {
  const seen: Seen[] = [];
  const handler: SocketHandler = (request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (chunk) => body += chunk).on("end", () => {
      const { "content-length": length, "transfer-encoding": encoding, "content-type": type } =
        request.headers;
      seen.push({ length, encoding, type, method: request.method, body });
      response.writeHead(seen.length === 1 ? 503 : 200).end("ok");
    });
  };
  await withBackends([handler, handler], async ({ fetch }) => {
    assertEquals(await (await run(fetch)).text(), "ok");
  });
  return seen;
}

/** Both requests were the same, with a length. */
function assertRepeated(
  seen: readonly Seen[],
  body: (body: string) => boolean,
  what: string,
): void {
  assertEquals(seen.length, 2, what);
  for (const one of seen) {
    assertEquals(one.encoding, undefined, what);
    assertEquals(one.length, String(one.body.length), what);
    assert(body(one.body), `${what}: ${one.body}`);
  }
}

const CONTENT = "content of a file";

test("createFetch() repeats forms with files, and keeps their length", async () => {
  const seen = await sentTwice((fetch) => {
    const form = new FormData();
    form.set("name", "value");
    form.set("file", new File([CONTENT], "a.txt", { type: "text/plain" }));
    form.append("file", new Blob([new Uint8Array(100_000)]), "zeros");
    return fetch("http://app/", { method: "PUT", body: form });
  });
  const isForm = (body: string) => body.includes('filename="a.txt"') && body.length > 100_000;
  assertRepeated(seen, isForm, "form");
  assert(seen.every(({ type }) => /^multipart\/form-data; boundary=/.test(type!)));
});

// Bun and Deno have it since their compatibility with Node 20.
const openAsBlob = (fs as { openAsBlob?: (path: string) => Promise<Blob> }).openAsBlob;

test("createFetch() repeats the blob of a file, and keeps its length", {
  skip: openAsBlob === undefined && "this runtime has no openAsBlob()",
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "piloted-"));
  const path = join(folder, "upload.txt");
  await writeFile(path, CONTENT.repeat(10_000));
  try {
    const blob = await openAsBlob!(path);
    const seen = await sentTwice((fetch) => fetch("http://app/", { method: "PUT", body: blob }));
    assertRepeated(seen, (body) => body === CONTENT.repeat(10_000), "openAsBlob()");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("createFetch() takes the Request of undici and of node-fetch", async () => {
  assert(typeof NodeFetch === "function");
  const init = { method: "PUT", headers: { "content-type": "text/plain" }, body: CONTENT };
  const requests = { undici: UndiciRequest, "node-fetch": NodeFetchRequest };
  for (const [name, ForeignRequest] of Object.entries(requests)) {
    const request = new ForeignRequest("http://app/orders", init) as unknown as Request;
    const seen = await sentTwice((fetch) => fetch(request));
    assertRepeated(seen, (body) => body === CONTENT, name);
    assertEquals(seen.map(({ method, type }) => [method, type]), [
      ["PUT", "text/plain"],
      ["PUT", "text/plain"],
    ]);
    const overridden = new ForeignRequest("http://app/orders", init) as unknown as Request;
    const own = await sentTwice((fetch) => fetch(overridden, { method: "DELETE", body: "mine" }));
    assertRepeated(own, (body) => body === "mine", `${name}, overridden`);
    assertEquals(own[0]!.method, "DELETE");
  }
});

test("createFetch() takes the form of undici as a whole", async () => {
  const form = new UndiciFormData();
  form.set("file", new File([CONTENT], "a.txt"));
  const seen = await sentTwice((fetch) =>
    fetch("http://app/", { method: "PUT", body: form as unknown as FormData })
  );
  assertRepeated(seen, (body) => body.includes(CONTENT), "undici's form");
});

test("createFetch() rejects a Request whose body was used, as the platform does", async () => {
  await withBackends([(_, response) => void response.end("ok")], async ({ fetch, received }) => {
    const request = new Request("http://app/", { method: "POST", body: CONTENT });
    await request.text();
    await assertRejects(() => fetch(request), TypeError);
    const again = await fetch(request, { body: "another" });
    assertEquals([await again.text(), received[0]!.length], ["ok", 1]);
  });
});
