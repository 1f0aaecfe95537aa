import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { create, toBinary } from "@bufbuild/protobuf";
import { fileDesc, type GenService, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import {
  file_google_protobuf_wrappers,
  FileDescriptorProtoSchema,
  type Int32ValueSchema,
  type StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
} from "@connectrpc/connect-node";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { PilotedError } from "../../../src/errors.ts";
import {
  type PilotedTransport,
  pilotedTransport,
  type PilotedTransportOptions,
} from "../../../src/plugs/connect/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends, SERVICE } from "../support/backends.ts";

// On Deno, Connect starts its timer for idle connections once more after a stream was cut.
const SHORT_LIVED = { idleConnectionTimeoutMs: 50 };

const STRING = ".google.protobuf.StringValue";

// What protoc-gen-es would write for a file with these methods.
const FILE = create(FileDescriptorProtoSchema, {
  name: "echo.proto",
  package: "echo.v1",
  syntax: "proto3",
  dependency: ["google/protobuf/wrappers.proto"],
  service: [{
    name: "Echo",
    method: [
      { name: "Say", inputType: STRING, outputType: STRING },
      { name: "Ask", inputType: STRING, outputType: STRING, options: { idempotencyLevel: 1 } },
      {
        name: "Count",
        inputType: ".google.protobuf.Int32Value",
        outputType: STRING,
        serverStreaming: true,
      },
      {
        name: "Talk",
        inputType: STRING,
        outputType: STRING,
        clientStreaming: true,
        serverStreaming: true,
      },
    ],
  }],
});

type Text = typeof StringValueSchema;

const Echo: GenService<{
  say: { methodKind: "unary"; input: Text; output: Text };
  ask: { methodKind: "unary"; input: Text; output: Text };
  count: { methodKind: "server_streaming"; input: typeof Int32ValueSchema; output: Text };
  talk: { methodKind: "bidi_streaming"; input: Text; output: Text };
}> = serviceDesc(
  fileDesc(btoa(String.fromCharCode(...toBinary(FileDescriptorProtoSchema, FILE))), [
    file_google_protobuf_wrappers,
  ]),
  0,
);

interface RunningServer {
  readonly server: Http2Server;
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  readonly sockets: ReadonlySet<Socket>;
}

/** Servers over HTTP/2, each of which answers with its id. */
class ConnectWorld {
  readonly backends: Backends;
  readonly servers = new Map<string, RunningServer>();
  /** Methods that a server was asked for. */
  readonly calls: string[] = [];
  /** Called before a server answers a unary call. */
  before: (id: string) => unknown = () => {};
  transport!: PilotedTransport;
  client!: Client<typeof Echo>;

  constructor(backends: Backends) {
    this.backends = backends;
  }

  /** Starts a server, and lists it. */
  async start(id: string, port = 0): Promise<number> {
    const answer = async (method: string) => {
      this.calls.push(`${method} ${id}`);
      await this.before(id);
      return { value: id };
    };
    const handler = connectNodeAdapter({
      routes: (router) =>
        router.service(Echo, {
          say: () => answer("say"),
          ask: () => answer("ask"),
          async *count({ value }) {
            for (let i = 0; i < value; i++) yield await answer("count");
          },
          async *talk(messages) {
            for await (const { value } of messages) yield { value: `${value} ${id}` };
          },
        }),
    });
    const server = createServer(handler);
    const sessions = new Set<ServerHttp2Session>();
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    server.on("session", (session) => {
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    this.servers.set(id, { server, sessions, sockets });
    const used = (server.address() as AddressInfo).port;
    await this.backends.list(id, used);
    return used;
  }

  /** Ends a server and its connections. */
  async stop(id: string): Promise<void> {
    const { server, sessions } = this.servers.get(id)!;
    this.servers.delete(id);
    const closed = new Promise((resolve) => server.close(resolve));
    for (const session of sessions) session.destroy();
    await closed;
  }

  /** Cuts the connections of a server, as when its process is killed. */
  cut(id: string): void {
    for (const socket of this.servers.get(id)!.sockets) socket.destroy();
  }

  async say(): Promise<string> {
    return (await this.client.say({ value: "" })).value;
  }

  async ask(timeoutMs?: number): Promise<string> {
    return (await this.client.ask({ value: "" }, timeoutMs === undefined ? {} : { timeoutMs }))
      .value;
  }
}

function withConnect(
  ids: readonly string[],
  run: (it: ConnectWorld) => Promise<void>,
  options: PilotedTransportOptions = {},
  createOne: Parameters<typeof pilotedTransport>[2] = createConnectTransport,
): Promise<void> {
  return Backends.run(async (backends) => {
    const it = new ConnectWorld(backends);
    for (const id of ids) await it.start(id);
    it.transport = pilotedTransport(backends.piloted, SERVICE, createOne, options);
    it.client = createClient(Echo, it.transport);
    try {
      await run(it);
    } finally {
      await it.transport.close();
      for (const id of [...it.servers.keys()]) await it.stop(id);
      const { idleConnectionTimeoutMs: idleMs } = options.session ?? {};
      if (idleMs !== undefined) await new Promise((resolve) => setTimeout(resolve, 2 * idleMs));
    }
  }, { emptyPolicy: "accept", balancer: "round-robin" });
}

const codeOf = (error: unknown) => Code[ConnectError.from(error).code];

for (const [name, createOne] of Object.entries({ createConnectTransport, createGrpcTransport })) {
  test(`pilotedTransport() with ${name} sends calls to every endpoint and follows the list`, () =>
    withConnect(
      ["a", "b", "c"],
      async (it) => {
        const answers = await Promise.all(Array.from({ length: 9 }, () => it.say()));
        assertEquals(answers.sort().join(""), "aaabbbccc");
        await it.start("d");
        await it.backends.unlist("a");
        // Without a call under way its connection is closed at once.
        await waitUntil(() => it.servers.get("a")!.sessions.size === 0);
        const later = new Set<string>();
        for (let i = 0; i < 12; i++) later.add(await it.ask());
        assertEquals([...later].sort(), ["b", "c", "d"]);
        const counted: string[] = [];
        for await (const { value } of it.client.count({ value: 3 })) counted.push(value);
        assertEquals([counted.length, new Set(counted).size], [3, 1]);
        async function* words() {
          yield { value: "one" };
          yield { value: "two" };
        }
        const talked: string[] = [];
        for await (const { value } of it.client.talk(words())) talked.push(value);
        assertEquals(talked.map((text) => text.split(" ")[0]), ["one", "two"]);
        // What follows the service holds one lease for each endpoint.
        assertEquals(it.backends.pendingCount, 3);
      },
      {},
      createOne,
    ));
}

test("pilotedTransport() lets calls end on an endpoint that goes away", () =>
  withConnect(["a"], async (it) => {
    let proceed = () => {};
    const gate = new Promise<void>((resolve) => proceed = resolve);
    it.before = (id) => id === "a" ? gate : undefined;
    const unary = it.say();
    const values: string[] = [];
    const stream = (async () => {
      for await (const { value } of it.client.count({ value: 2 })) values.push(value);
    })();
    await waitUntil(() => it.calls.length === 2);
    await it.start("b");
    await it.backends.unlist("a");
    await waitUntil(async () => await it.say() === "b");
    assertEquals(await it.say(), "b");
    assertEquals(it.servers.get("a")!.sessions.size, 1);
    proceed();
    assertEquals(await unary, "a");
    await stream;
    assertEquals(values, ["a", "a"]);
    await waitUntil(() => it.servers.get("a")!.sessions.size === 0);
  }));

test("pilotedTransport() cuts what takes longer than drainMs", () =>
  withConnect(["a"], async (it) => {
    it.before = (id) => id === "a" ? new Promise(() => {}) : undefined;
    const call = it.say();
    call.catch(() => {});
    await waitUntil(() => it.calls.length === 1);
    await it.start("b");
    await it.backends.unlist("a");
    await assertRejects(() => call, ConnectError);
    assertEquals(await it.say(), "b");
  }, { drainMs: 20, session: SHORT_LIVED }));

test("pilotedTransport() connects elsewhere when an endpoint is gone, unary and streaming", () =>
  withConnect(["a", "b", "c"], async (it) => {
    for (let i = 0; i < 6; i++) await it.say();
    await it.stop("a");
    await waitUntil(async () => {
      for (let i = 0; i < 6; i++) assert(await it.say() !== "a");
      return true;
    });
    await it.stop("b");
    await waitUntil(async () => await it.say() === "c");
    for (let i = 0; i < 12; i++) {
      const values: string[] = [];
      for await (const { value } of it.client.count({ value: 1 })) values.push(value);
      assertEquals(values, ["c"]);
    }
  }));

test("pilotedTransport() repeats only what may be repeated", () =>
  withConnect(["a", "b"], async (it) => {
    for (let i = 0; i < 4; i++) await it.say();
    it.calls.length = 0;
    it.before = () => {
      throw new ConnectError("down", Code.Unavailable);
    };
    assertEquals(codeOf(await assertRejects(() => it.say())), "Unavailable");
    assertEquals(it.calls.length, 1);
    assertEquals(codeOf(await assertRejects(() => it.ask())), "Unavailable");
    // Once on each endpoint.
    assertEquals(it.calls.slice(1).sort(), ["ask a", "ask b"]);
    it.calls.length = 0;
    it.before = () => {
      throw new ConnectError("no", Code.InvalidArgument);
    };
    assertEquals(codeOf(await assertRejects(() => it.ask())), "InvalidArgument");
    assertEquals(it.calls.length, 1);
    // A connection that breaks under a call.
    it.calls.length = 0;
    it.before = (id) => {
      if (it.calls.length === 1) it.cut(id);
    };
    assert(["a", "b"].includes(await it.ask()));
    assertEquals(it.calls.length, 2);
    it.calls.length = 0;
    await assertRejects(() => it.say(), ConnectError);
    assertEquals(it.calls.length, 1);
  }));

test("pilotedTransport() loses no idempotent call in a rolling restart", () =>
  withConnect(["a1", "b1", "c1"], async (it) => {
    let isRunning = true;
    let count = 0;
    const failures: unknown[] = [];
    const worker = async () => {
      while (isRunning) await it.ask().then(() => count++, (error) => failures.push(error));
    };
    const workers = Array.from({ length: 4 }, worker);
    for (const id of ["a", "b", "c"]) {
      const before = count;
      await it.start(`${id}2`);
      if (id !== "c") await it.backends.unlist(`${id}1`);
      // The last one ends before its clients know of it.
      await it.stop(`${id}1`);
      await waitUntil(() => count > before + 50);
    }
    isRunning = false;
    await Promise.all(workers);
    assertEquals(failures, []);
  }));

test("pilotedTransport() keeps its connections while nothing is listed", () =>
  withConnect(["a"], async (it) => {
    assertEquals(await it.say(), "a");
    await it.backends.unlist("a");
    assertEquals(await it.say(), "a");
    await it.start("b");
    await waitUntil(async () => await it.say() === "b");
  }));

test("pilotedTransport() waits for a first endpoint, no longer than the call's deadline", () =>
  withConnect([], async (it) => {
    assertEquals(codeOf(await assertRejects(() => it.ask(20))), "DeadlineExceeded");
    const controller = new AbortController();
    const aborted = it.client.say({ value: "" }, { signal: controller.signal });
    controller.abort();
    assertEquals(codeOf(await assertRejects(() => aborted)), "Canceled");
    const call = it.say();
    await it.start("a");
    assertEquals(await call, "a");
  }));

test("pilotedTransport() reports how calls end: failures eject, the caller's abort does not", () =>
  withConnect(["a", "b", "c"], async (it) => {
    const controller = new AbortController();
    it.before = () => new Promise(() => {});
    const calls = Array.from(
      { length: 9 },
      () => it.client.say({ value: "" }, { signal: controller.signal }),
    );
    await waitUntil(() => it.calls.length === 9);
    assertEquals(it.backends.pendingCount, 12);
    controller.abort();
    for (const call of calls) assertEquals(codeOf(await assertRejects(() => call)), "Canceled");
    const { balance } = it.backends.piloted.status(SERVICE);
    assertEquals(balance.endpoints.map((one) => one.consecutiveFailureCount), [0, 0, 0]);
    assertEquals(balance.pendingCount, 3);
    it.before = (id) => {
      if (id === "a") throw new ConnectError("down", Code.Unavailable);
    };
    await waitUntil(async () => {
      await it.say().catch(() => {});
      return it.backends.piloted.status(SERVICE).balance.ejectedCount === 1;
    });
    for (let i = 0; i < 6; i++) assert(await it.say() !== "a");
    // A stream that the caller leaves.
    it.before = () => {};
    const leaving = new AbortController();
    const stream = it.client.count({ value: 100 }, { signal: leaving.signal });
    await stream[Symbol.asyncIterator]().next();
    assertEquals(it.backends.pendingCount, 4);
    leaving.abort();
    await waitUntil(() => it.backends.pendingCount === 3);
  }, { session: SHORT_LIVED }));

test("pilotedTransport() fails with FailedPrecondition after close(), and rejects what is wrong", () =>
  withConnect(["a"], async (it) => {
    assertEquals(await it.say(), "a");
    const { piloted } = it.backends;
    const wrong = { timeout: 1 } as PilotedTransportOptions;
    assertThrows(
      () => pilotedTransport(piloted, SERVICE, createGrpcTransport, wrong),
      TypeError,
      "Cannot use option timeout of pilotedTransport()",
    );
    assertThrows(() => pilotedTransport(piloted, "orders", createGrpcTransport), PilotedError);
    await it.transport.close();
    assertEquals(codeOf(await assertRejects(() => it.say())), "FailedPrecondition");
    const other = createClient(Echo, pilotedTransport(piloted, SERVICE, createGrpcTransport));
    assertEquals((await other.say({ value: "" })).value, "a");
    await piloted.close();
    const error = await assertRejects(() => other.say({ value: "" }), ConnectError);
    assertEquals(codeOf(error), "FailedPrecondition");
    assertEquals((error.cause as PilotedError).code, "CLOSED");
  }));
