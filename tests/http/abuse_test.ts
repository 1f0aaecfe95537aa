/** serve.ts under attack, each attack short. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type Child, currentRuntime, runtimeBinary, startProcess } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { exchange, type RawConnection, send as sendRaw } from "./raw_client.ts";
import { logged, send, serving } from "./serve_process.ts";

const DEV = ["--dev", "--port", "0"];

/** Starts serve.ts where it may open only so many files. */
async function servingWithFiles(
  limit: number,
  run: (serve: Child, url: string) => Promise<void>,
): Promise<void> {
  const before = { deno: ["run", "-A", "--no-check"], bun: [], node: ["--import", "tsx"] };
  const command = [await runtimeBinary(currentRuntime), ...before[currentRuntime], "serve.ts"];
  const script = `ulimit -n ${limit}; exec "$@"`;
  const serve = startProcess("sh", ["-c", script, "sh", ...command, ...DEV], {
    cwd: new URL("../../", import.meta.url).pathname,
    env: { NO_COLOR: "1", PILOTED_TOKEN: undefined, CONTAINERPILOT: undefined },
  });
  try {
    const [, url] = await serve.waitFor(/^Listening on (\S+)$/m);
    await run(serve, url!);
  } finally {
    await serve.stop();
  }
}

async function lookUp(url: string): Promise<number> {
  const headers = { connection: "close" };
  const response = await fetch(`${url}/v1/services/customers/endpoint`, { headers });
  await response.text();
  return response.status;
}

test("serve.ts survives more connections than it may open files, and answers lookups", () =>
  servingWithFiles(160, async (serve, url) => {
    const host = "Host: a\r\n";
    const kinds = [
      "",
      `GET /v1/services HTTP/1.1\r\n${host}X-Half: `,
      `GET /health/live HTTP/1.1\r\n${host}\r\n`,
      `GET /v1/events HTTP/1.1\r\n${host}\r\n`,
      `POST /v1/refresh HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\n`,
    ];
    for (const kind of kinds) {
      const held: RawConnection[] = [];
      for (let i = 0; i < 250; i++) {
        const opened = sendRaw(url, kind).catch(() => undefined);
        const connection = await opened;
        if (connection !== undefined) held.push(connection);
      }
      await waitUntil(async () => await lookUp(url).catch(() => 0) === 200);
      await waitUntil(() => held.some((connection) => connection.closed()));
      for (const connection of held) connection.end();
      await waitUntil(() => held.every((connection) => connection.closed()));
    }
    await logged(
      serve,
      /Warning: closed \d+ connections? for new ones: too many (open files|connections)/,
    );
    assertEquals(await lookUp(url), 200);
    send(serve, "SIGTERM");
    assertEquals((await serve.exited).code, 0);
  }));

test("serve.ts answers every method with every framing, never with a 5xx of its own", () =>
  serving([...DEV, "--access-log"], {}, async (_serve, url) => {
    const { host } = new URL(url);
    const framings: [string, string][] = [
      ["", ""],
      ["Content-Length: 0\r\n", ""],
      ["Content-Length: 4\r\n", "body"],
      ["Transfer-Encoding: chunked\r\n", "0\r\n\r\n"],
      ["Transfer-Encoding: chunked\r\n", "4\r\nbody\r\n0\r\n\r\n"],
      ["Content-Length: 4\r\nExpect: 100-continue\r\n", "body"],
    ];
    const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"];
    const attempts = ["/v1/refresh", "/v1/services/customers/endpoint", "/"].flatMap((path) =>
      methods.flatMap((method) => framings.map((framing) => [path, method, ...framing] as const))
    );
    await Promise.all(attempts.map(async ([path, method, header, body]) => {
      const head =
        `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${header}\r\n`;
      const answer = await exchange(url, head + body);
      const what = JSON.stringify([method, path, header, answer.slice(0, 60)]);
      // QUERY is unknown to some parsers.
      assertMatch(answer, /^HTTP\/1\.1 ([1234]\d\d|501) /, what);
      if (path !== "/v1/refresh" || method !== "POST") return;
      assertMatch(
        answer,
        /^HTTP\/1\.1 (100 Continue\r\n\r\nHTTP\/1\.1 )?200 |^HTTP\/1\.1 100 /,
        what,
      );
    }));
  }));

test("serve.ts refuses an odd Host before anything happens, and logs it", () =>
  serving([...DEV, "--access-log", "--allowed-hosts", "127.0.0.1"], {}, async (serve, url) => {
    const hosts = ["[", "a/b", "x/v1/refresh?y=", "b\xfccher.example", "1.2.3.4.5", "u@h", "a b"];
    for (const host of [...hosts, "rebound.example"]) {
      const text = `POST /v1/refresh HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
      const answer = await exchange(url, Uint8Array.from(text, (c) => c.charCodeAt(0)));
      assertMatch(answer, host === "rebound.example" ? /^HTTP\/1.1 421 / : /^HTTP\/1.1 400 /, host);
    }
    await logged(serve, /"path":"[^"]*\/v1\/refresh","status":4/, hosts.length + 1);
    assertEquals(/^Refreshed/m.test(serve.stderr()), false);
    assertEquals(await lookUp(url), 200);
  }));

test("serve.ts listens at once although Consul accepts and never answers", () =>
  withTemporaryFolder(async (folder) => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket.on("error", () => {}));
    }).listen(0, "127.0.0.1");
    await waitUntil(() => mute.address() !== null);
    const { port } = mute.address() as { port: number };
    const path = join(folder, "containerpilot.json5");
    const watches = Array.from({ length: 300 }, (_, i) => ({ name: `app-${i}`, interval: 5 }));
    await writeFile(path, JSON.stringify({ consul: `127.0.0.1:${port}`, watches }));
    const startedAt = Date.now();
    try {
      await serving(["--config", path, "--port", "0"], {}, async (_serve, url) => {
        // One query alone takes ten seconds to fail.
        assert(Date.now() - startedAt < 9_000);
        const statusOf = async (path: string) => {
          const response = await fetch(url + path);
          await response.text();
          return response.status;
        };
        assertEquals(await statusOf("/health/live"), 200);
        assertEquals(await statusOf("/v1/services/app-299/endpoint"), 503);
        assertEquals(await statusOf("/health/ready"), 503);
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => mute.close(resolve));
    }
  }));

test("serve.ts takes a new token on SIGHUP, and the old one no longer", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "token");
    await writeFile(file, "\ufefffirst\r\n");
    await serving([...DEV, "--token-file", file], {}, async (serve, url) => {
      const ask = async (token: string) => {
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(`${url}/v1/services`, { headers });
        await response.text();
        return response.status;
      };
      assertEquals([await ask("first"), await ask("second")], [200, 401]);
      await writeFile(file, "second");
      send(serve, "SIGHUP");
      await waitUntil(async () => await ask("second") === 200);
      assertEquals(await ask("first"), 401);
      assertEquals(/first|second/.test(serve.stdout() + serve.stderr()), false);
    });
    for (const [path, why] of [[folder, "it is a folder"], [`${file}.no`, "no such file"]]) {
      const refused = startProcess(await runtimeBinary(currentRuntime), [
        ...{
          deno: ["run", "-A", "--no-check"],
          bun: [],
          node: ["--import", "tsx"],
        }[currentRuntime],
        "serve.ts",
        ...DEV,
        "--token-file",
        path!,
      ], { cwd: new URL("../../", import.meta.url).pathname });
      assertEquals((await refused.exited).code, 2);
      assertStringIncludes(refused.stderr(), why!);
    }
  }));
