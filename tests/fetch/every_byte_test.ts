/**
 * Connections that are cut after any byte of a request or a response: a request that is not repeatable
 * reaches at most one endpoint, whatever its method and body, on new and on kept connections.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import process from "node:process";
import { createServer, type Socket } from "node:net";
import type { Server } from "node:http";
import { createFetch } from "../../src/client/create_fetch.ts";
import { seed } from "../balance/support.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { closedPort, listen } from "./sockets.ts";
import { PoolSource } from "./support.ts";

const ENDPOINTS = 3;

interface Cut {
  /** Counted in the bytes that the server has read, or in those that it has written. */
  readonly of: "request" | "response";
  readonly at: number;
  readonly how: "end" | "reset";
}

interface Plan {
  readonly method: string;
  readonly body: keyof typeof BODIES;
  readonly isKept: boolean;
  readonly redirect: "none" | "gone" | "same" | "other";
  readonly status: 302 | 307;
  readonly cut: Cut;
}

const BODIES = {
  none: () => ({}),
  text: () => ({ body: "text" }),
  bytes: () => ({ body: new Uint8Array(3_000) }),
  form: () => {
    const form = new FormData();
    form.set("file", new Blob(["content"]), "name.txt");
    return { body: form };
  },
  stream: () => ({ body: new Blob(["streamed"]).stream(), duplex: "half" } as RequestInit),
};

/** A server of raw connections: answers `/warm`, and cuts every other connection as planned. */
class CuttingServer {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #plan: Plan;
  /** Paths of the requests whose head it has received. */
  readonly seen: string[] = [];
  location = "";

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  start(): Promise<number> {
    return listen(this.#server as unknown as Server);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #serve(socket: Socket): void {
    const { cut } = this.#plan;
    this.#sockets.add(socket);
    socket.on("error", () => {});
    let text = "";
    let isDone = false;
    socket.on("data", (data) => {
      if (isDone) return;
      text += data.toString("latin1");
      if (text.startsWith("GET /warm") && text.includes("\r\n\r\n")) {
        text = "";
        return void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      }
      const cutsRequest = cut.of === "request" && text.length >= cut.at;
      const read = cutsRequest ? text.slice(0, cut.at) : text;
      const path = /^[A-Z]+ (\/\S*) HTTP/.exec(read)?.[1];
      if (path !== undefined && read.includes("\r\n") && !isDone) {
        if (cutsRequest || isComplete(read)) this.seen.push(path);
      }
      if (cutsRequest) {
        isDone = true;
        return cutOff(socket, cut.how);
      }
      if (!isComplete(text)) return;
      isDone = true;
      const response = this.#response(path!);
      if (cut.of === "request") return void socket.end(response);
      socket.write(response.slice(0, cut.at), () => cutOff(socket, cut.how));
    });
  }

  #response(path: string): string {
    if (this.location === "" || path !== "/once") {
      return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    }
    const { status } = this.#plan;
    return `HTTP/1.1 ${status} Moved\r\nLocation: ${this.location}\r\nContent-Length: 0\r\n\r\n`;
  }
}

function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = text.slice(0, end).toLowerCase();
  if (head.includes("transfer-encoding: chunked")) return text.endsWith("0\r\n\r\n");
  const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
  return text.length >= end + 4 + length;
}

function cutOff(socket: Socket, how: Cut["how"]): void {
  if (how === "reset" && typeof socket.resetAndDestroy === "function") socket.resetAndDestroy();
  else socket.destroy();
}

/** Sends one request as planned; how many endpoints saw it, and how many its redirect. */
async function reached(plan: Plan): Promise<{ once: number; target: number }> {
  const servers = Array.from({ length: ENDPOINTS }, () => new CuttingServer(plan));
  const ports = await Promise.all(servers.map((server) => server.start()));
  const source = new PoolSource({ balancer: "round-robin", outliers: false });
  source.update(ports.map((port, i) => endpoint(`s${i}`, { address: "127.0.0.1", port })));
  const fetch = createFetch(source, { backoffBaseMs: 1, backoffMaxMs: 1, timeoutMs: 20_000 });
  const gone = plan.redirect === "gone" ? await closedPort() : 0;
  servers.forEach((server, i) => {
    if (plan.redirect === "gone") server.location = `http://127.0.0.1:${gone}/target`;
    if (plan.redirect === "same") server.location = "/target";
    if (plan.redirect === "other") {
      server.location = `http://127.0.0.1:${ports[(i + 1) % ENDPOINTS]}/target`;
    }
  });
  try {
    for (let i = 0; i < (plan.isKept ? ENDPOINTS : 0); i++) {
      await (await fetch("http://app/warm")).text();
    }
    await fetch("http://app/once", { method: plan.method, ...BODIES[plan.body]() })
      .then((response) => response.text()).catch(() => {});
    assertEquals(source.pool.pendingCount, 0);
    const count = (path: string) => servers.filter(({ seen }) => seen.includes(path)).length;
    return { once: count("/once"), target: count("/target") };
  } finally {
    source.closing.abort(new Error("closed"));
    await Promise.all(servers.map((server) => server.stop()));
  }
}

const plan: fc.Arbitrary<Plan> = fc.record({
  method: fc.constantFrom("POST", "PATCH"),
  body: fc.constantFrom(...Object.keys(BODIES) as (keyof typeof BODIES)[]),
  isKept: fc.boolean(),
  redirect: fc.constantFrom("none", "gone", "same", "other"),
  status: fc.constantFrom(302, 307),
  cut: fc.record({
    of: fc.constantFrom("request", "response"),
    at: fc.oneof(fc.nat(400), fc.nat(40), fc.nat(3_500)),
    how: fc.constantFrom("end", "reset"),
  }),
});

test("createFetch() shows what is not repeatable to one endpoint, wherever and however its connection is cut", async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (plan) => {
      const { once, target } = await reached(plan);
      assert(once <= 1 && target <= 1, `${once} endpoints saw it, ${target} its redirect`);
    }),
    { seed, numRuns: Number(process.env.PILOTED_RUNS ?? 120) },
  );
});

for (const  of of["request", "response"] as const) {
  test(`createFetch() shows a POST to one endpoint when its connection is cut at any byte of the ${of}`, async () => {
    const rest = { method: "POST", body: "text", redirect: "none", status: 307 } as const;
    let last = 0;
    for (let at = 0; at <= (of === "request" ? 220 : 42); at++) {
      const how = at % 2 === 0 ? "reset" : "end";
      const { once } = await reached({ ...rest, isKept: at % 4 < 2, cut: { of, at, how } });
      assert(once <= 1, `${once} endpoints saw it, cut at ${at}`);
      last = once;
    }
    // The last one was received as a whole.
    assertEquals(last, 1);
  });
}

test("createFetch() shows a GET to further endpoints when its connection is cut", async () => {
  const cut = { of: "response", at: 20, how: "reset" } as const;
  const rest = { body: "none", isKept: false, redirect: "none", status: 307 } as const;
  assertEquals((await reached({ ...rest, method: "GET", cut })).once, ENDPOINTS);
});
