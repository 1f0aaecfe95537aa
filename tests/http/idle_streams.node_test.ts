import { assert, assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { test } from "../support/test.ts";
import { serving } from "./serve_process.ts";

// Each stream is an open file in this process and one in the server.
const OPEN_FILES = Number(execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" })) || 1e9;
const STREAMS = Math.min(10_000, OPEN_FILES - 500);

function openStream(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.write(`GET /v1/events HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
    });
    socket.once("data", () => resolve(socket));
    socket.once("error", reject);
  });
}

async function residentKilobytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
}

test(`serve.ts holds ${STREAMS} idle event streams in little memory and still responds`, () =>
  serving(["--dev", "--port", "0"], {}, async (serve, url) => {
    const before = await residentKilobytes(serve.pid);
    const sockets: Socket[] = [];
    while (sockets.length < STREAMS) {
      const batch = Math.min(200, STREAMS - sockets.length);
      const opened = Array.from({ length: batch }, () => openStream(new URL(url)));
      sockets.push(...await Promise.all(opened));
    }
    const response = await fetch(`${url}/v1/services/customers/endpoint`);
    assertEquals([response.status, (await response.json()).service], [200, "customers"]);
    const each = (await residentKilobytes(serve.pid) - before) / STREAMS;
    console.log(`memory of an idle stream: ${each.toFixed(1)} kB`);
    assert(each < 100, `${each} kB for each`);
    for (const socket of sockets) socket.destroy();
  }));
