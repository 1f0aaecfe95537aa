import { assert, assertEquals, assertRejects } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listenOnSocket, SocketError } from "../../src/runtime/control_socket.ts";
import { listen } from "../../src/runtime/listen.ts";
import { controlRequest } from "../supervisor/run_supervisor.ts";
import { startProcess } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

test("listen() takes a free port, passes requests on and answers", async () => {
  const listener = await listen(async (request) => {
    const { pathname, search } = new URL(request.url);
    return new Response(`${request.method} ${pathname}${search} ${await request.text()}`, {
      status: 201,
      headers: { "X-Test": "yes" },
    });
  });
  assertEquals(listener.hostname, "127.0.0.1");
  assertEquals(listener.url, `http://127.0.0.1:${listener.port}`);
  const response = await fetch(`${listener.url}/a%2Fb?c=d`, { method: "PUT", body: "e" });
  assertEquals([response.status, response.headers.get("X-Test")], [201, "yes"]);
  assertEquals(await response.text(), "PUT /a%2Fb?c=d e");
  await listener.close();
});

test("listen() answers 500 without details when the handler throws, and tells onError", async () => {
  const errors: unknown[] = [];
  const problem = new Error("secret");
  const listener = await listen((request) => {
    if (new URL(request.url).pathname === "/later") return Promise.reject(problem);
    throw problem;
  }, { onError: (error) => errors.push(error) });
  for (const path of ["/now", "/later"]) {
    const response = await fetch(`${listener.url}${path}`);
    assertEquals([response.status, await response.text()], [500, "Internal Server Error"]);
  }
  assertEquals(errors, [problem, problem]);
  await listener.close();
});

test("listen() rejects when the port is taken", async () => {
  const listener = await listen(() => new Response());
  await assertRejects(() => listen(() => new Response(), { port: listener.port }));
  await listener.close();
});

test("Listener.close() frees the port, is idempotent and lets a request under way end", async () => {
  let finish = () => {};
  let begin = () => {};
  const begun = new Promise<void>((resolve) => begin = resolve);
  const listener = await listen(() =>
    new Promise((resolve) => {
      finish = () => resolve(new Response("done"));
      begin();
    }), { graceMs: 60_000 });
  const answer = fetch(listener.url).then((response) => response.text());
  await begun;
  const closed = listener.close();
  finish();
  assertEquals(await answer, "done");
  await closed;
  await listener.close();
  const again = await listen(() => new Response("again"), { port: listener.port });
  // The first try may go to the connection that was just closed.
  await waitUntil(async () => await (await fetch(again.url)).text() === "again");
  await again.close();
});

test("Listener.close() cuts what is still under way after its time", async () => {
  let finish = () => {};
  let begin = () => {};
  const begun = new Promise<void>((resolve) => begin = resolve);
  const listener = await listen(() =>
    new Promise((resolve) => {
      begin();
      finish = () => resolve(new Response());
    }), { graceMs: 20 });
  const answer = assertRejects(() => fetch(listener.url).then((response) => response.text()));
  await begun;
  await listener.close();
  await answer;
  finish();
});

test("Listener.close() ends a stream that has no end", async () => {
  const listener = await listen(() =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode("first"));
        },
      }),
    ), { graceMs: 20 });
  const reader = (await fetch(listener.url)).body!.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "first");
  const rest = reader.read().then(({ done }) => done, () => true);
  await listener.close();
  assertEquals(await rest, true);
});

test("listen() closes with its signal and refuses one that has aborted", async () => {
  const abort = new AbortController();
  const listener = await listen(() => new Response(), { signal: abort.signal });
  const reason = new Error("stop");
  abort.abort(reason);
  await listener.close();
  await assertRejects(() => fetch(listener.url));
  const error = await listen(() => new Response(), { signal: abort.signal }).catch((e) => e);
  assert(error === reason);
});

test("listenOnSocket() takes the place of a dead process, and of nobody else", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "socket");
    const answer = async (request: Request) =>
      new Response(`${new URL(request.url).pathname} ${await request.text()}`);
    const first = await listenOnSocket(path, answer);
    assertEquals(await controlRequest(path, "/a", "body"), [200, "/a body"]);
    const error = await assertRejects(() => listenOnSocket(path, answer), SocketError);
    assertEquals(error.message, `Cannot listen on ${path}: another process listens there`);
    await first.close();
    await assertRejects(() => controlRequest(path, "/a"));
    await leaveSocket(path);
    const second = await listenOnSocket(path, answer);
    assertEquals((await controlRequest(path, "/b"))[0], 200);
    await second.close();
    await writeFile(path, "text");
    await assertRejects(() => listenOnSocket(path, answer), SocketError, "it is no socket");
    await assertRejects(() => listenOnSocket(join(folder, "no", "socket"), answer), SocketError);
  }));

/** A socket that nobody listens on any more, as after SIGKILL. */
async function leaveSocket(path: string): Promise<void> {
  const child = startProcess("node", [
    "-e",
    `require("net").createServer().listen(${
      JSON.stringify(path)
    }, () => process.kill(process.pid, "SIGKILL"))`,
  ]);
  await child.exited;
}
