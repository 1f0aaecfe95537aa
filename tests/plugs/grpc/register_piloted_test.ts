import type { PilotedOptions } from "../../../src/client/options.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ChannelOptions,
  Client,
  credentials,
  type MethodConfig,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { connect, createServer, type Server as TcpServer, type Socket } from "node:net";
import { type RegisterOptions, registerPiloted } from "../../../src/plugs/grpc/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends, SERVICE } from "../support/backends.ts";

const ECHO = {
  path: "/test.Echo/Echo",
  requestStream: false,
  responseStream: false,
  requestSerialize: (text: string) => Buffer.from(text),
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (text: string) => Buffer.from(text),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
} as const;

const RETRIES: MethodConfig[] = [{
  name: [{}],
  retryPolicy: {
    maxAttempts: 4,
    initialBackoff: "0.02s",
    maxBackoff: "0.2s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  },
}];

let schemes = 0;

/** Stands before a server, so that its connections can end as those of a killed process do. */
class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #listener: TcpServer;

  constructor(target: number) {
    this.#listener = createServer((socket) => {
      const server = connect(target, "127.0.0.1");
      for (const each of [socket, server]) {
        this.#sockets.add(each);
        each.on("error", () => {});
        each.on("close", () => {
          this.#sockets.delete(each);
          socket.destroy();
          server.destroy();
        });
      }
      socket.pipe(server).pipe(socket);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) =>
      this.#listener.listen(0, "127.0.0.1", () => {
        resolve((this.#listener.address() as { port: number }).port);
      })
    );
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

class GrpcWorld {
  readonly servers = new Map<string, Server>();
  readonly wires = new Map<string, Wire>();

  constructor(readonly backends: Backends, readonly client: Client) {}

  /** Starts a server that answers with its id, or fails, and registers it. */
  async start(id: string, fails = false): Promise<void> {
    const server = new Server();
    server.addService({ echo: ECHO }, {
      echo(_: unknown, respond: (error: Partial<ServiceError> | null, text?: string) => void) {
        if (fails) respond({ code: status.INTERNAL, details: "broken" });
        else respond(null, id);
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(
        "127.0.0.1:0",
        ServerCredentials.createInsecure(),
        (error, port) => error ? reject(error) : resolve(port),
      )
    );
    this.servers.set(id, server);
    const wire = new Wire(port);
    this.wires.set(id, wire);
    await this.backends.list(id, await wire.listen());
  }

  /**
   * Ends a server: politely, after its calls, or as when its process is killed. grpc-js's own
   * forceShutdown() cancels calls instead, which is not retried.
   */
  async stop(id: string, polite = true): Promise<void> {
    const server = this.servers.get(id)!;
    this.servers.delete(id);
    if (polite) await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    await this.wires.get(id)!.cut();
    this.wires.delete(id);
    server.forceShutdown();
  }

  call(timeoutMs = 10_000): Promise<string> {
    return new Promise((resolve, reject) =>
      this.client.makeUnaryRequest(
        ECHO.path,
        ECHO.requestSerialize,
        ECHO.responseDeserialize,
        "hello",
        { deadline: Date.now() + timeoutMs },
        (error, text) => error ? reject(error) : resolve(text!),
      )
    );
  }
}

function withGrpc(
  run: (it: GrpcWorld) => Promise<void>,
  options: RegisterOptions = {},
  channel: ChannelOptions = {},
  client: PilotedOptions = {},
): Promise<void> {
  return Backends.run(async (backends) => {
    // Registrations last as long as the process.
    const scheme = `piloted${schemes++}`;
    registerPiloted(backends.piloted, { scheme, ...options });
    const target = `${scheme}:///myservice`;
    const it = new GrpcWorld(
      backends,
      new Client(target, credentials.createInsecure(), channel),
    );
    try {
      await run(it);
    } finally {
      it.client.close();
      for (const id of [...it.servers.keys()]) await it.stop(id, false);
      // grpc-js's pick_first, which its round_robin consists of, leaves a timer of 250 ms running.
      if (options.balancing === "round_robin") {
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
  }, { emptyPolicy: "accept", ...client });
}

/** What calls in parallel are answered: one after the other they may all go to the fastest. */
async function answers(it: GrpcWorld, count: number): Promise<string[]> {
  return [...new Set(await Promise.all(Array.from({ length: count }, () => it.call())))].sort();
}

for (const balancing of ["piloted", "round_robin"] as const) {
  test(`registerPiloted() with ${balancing} sends calls to every endpoint and follows the list`, () =>
    withGrpc(async (it) => {
      for (const id of ["a", "b", "c"]) await it.start(id);
      await it.call();
      await waitUntil(async () => (await answers(it, 30)).length === 3);
      await it.start("d");
      await waitUntil(async () => (await answers(it, 30)).length === 4);
      await it.backends.unlist("a");
      await waitUntil(async () => !(await answers(it, 30)).includes("a"));
      assertEquals(it.backends.pendingCount, 0);
    }, { balancing }));
}

/** Replaces each of three servers while eight workers call. Returns what failed. */
async function rollingRestart(it: GrpcWorld, polite: boolean): Promise<ServiceError[]> {
  for (const id of ["a1", "b1", "c1"]) await it.start(id);
  await it.call();
  let isRunning = true;
  let calls = 0;
  const failures: ServiceError[] = [];
  const worker = async () => {
    while (isRunning) {
      await it.call().then(() => calls++, (error) => failures.push(error));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const workers = Array.from({ length: 8 }, worker);
  for (const id of ["a", "b", "c"]) {
    const before = calls;
    await it.start(`${id}2`);
    await it.backends.unlist(`${id}1`);
    // At once, before its clients have noticed.
    await it.stop(`${id}1`, polite);
    await waitUntil(() => calls > before + 100);
  }
  isRunning = false;
  await Promise.all(workers);
  assertEquals(await answers(it, 30), ["a2", "b2", "c2"]);
  assertEquals(it.backends.pendingCount, 0);
  return failures;
}

for (const balancing of ["piloted", "round_robin"] as const) {
  test(`registerPiloted() with ${balancing} loses no call in a rolling restart, with retries`, () =>
    withGrpc(async (it) => {
      const failures = await rollingRestart(it, true);
      assertEquals(failures.map(({ message }) => message), []);
    }, { methodConfig: RETRIES, balancing }));
}

test("registerPiloted() loses no more than the calls that killed servers had begun to answer", () =>
  withGrpc(async (it) => {
    // gRPC repeats no call whose response has begun ("committed", gRFC A6): one for each worker and kill.
    const failures = await rollingRestart(it, false);
    assert(failures.length <= 8 * 3, `${failures.length} failures`);
    assertEquals(failures.filter(({ code }) => code !== status.UNAVAILABLE), []);
  }, { methodConfig: RETRIES }));

test("registerPiloted() ejects an endpoint whose calls fail, for every user of the client", () =>
  withGrpc(
    async (it) => {
      await it.start("good");
      await it.start("better");
      await it.start("bad", true);
      await waitUntil(async () => {
        await Promise.all(Array.from({ length: 30 }, () => it.call().catch(() => {})));
        return it.backends.piloted.status(SERVICE).balance.ejectedCount === 1;
      });
      const hosts = Array.from({ length: 20 }, () => it.backends.piloted.pick(SERVICE).id);
      assert(!hosts.includes("bad"));
      for (let i = 0; i < 20; i++) assert(await it.call() !== "bad");
      // In turn: by its latency p2c-ewma would avoid a failing endpoint before it is ejected.
    },
    {},
    {},
    { balancer: "round-robin" },
  ));

test("registerPiloted() fails calls with UNAVAILABLE and why while nothing is listed", () =>
  withGrpc(async (it) => {
    const error = await assertRejects(() => it.call(), Error, "NO_ENDPOINTS") as ServiceError;
    assertEquals(error.code, status.UNAVAILABLE);
    await it.start("a");
    assertEquals(await it.call(), "a");
    await it.backends.unlist("a");
    // What is connected is kept while nothing is listed.
    assertEquals(await it.call(), "a");
  }));

test("registerPiloted() keeps the service config of a channel, retries and deadlines", () =>
  withGrpc(
    async (it) => {
      await it.start("a");
      assertEquals(await it.call(), "a");
    },
    {},
    {
      "grpc.service_config": JSON.stringify({
        methodConfig: [{ ...RETRIES[0], timeout: "5s" }],
      }),
    },
  ));

test("registerPiloted() releases the lease of a call that is cancelled", () =>
  withGrpc(async (it) => {
    await it.start("a");
    await it.call();
    for (let i = 0; i < 5; i++) await it.call(0).catch(() => {});
    await waitUntil(() => it.backends.pendingCount === 0);
    const [endpoint] = it.backends.piloted.status(SERVICE).balance.endpoints;
    assertEquals(endpoint!.consecutiveFailureCount, 0);
  }));
