import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { HealthChecks, type Probed } from "../../src/client/health_checks.ts";
import type { HealthCheckOptions } from "../../src/client/health_check_options.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { StaticSource } from "../../src/source/static.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

/** A pool of ejected endpoints, and probes whose answers come when the test says so. */
class World implements Probed {
  readonly clock = new ManualClock();
  readonly probes: { url: string; at: number; answer: (status: number) => void }[] = [];
  readonly readmitted: string[] = [];
  ejections: { endpoint: Endpoint; until: number }[] = [];
  readonly checks: HealthChecks;
  readonly #start = this.clock.now();

  constructor(options: HealthCheckOptions = {}) {
    const fetch = (input: unknown, init?: { signal?: AbortSignal | null }) =>
      new Promise<Response>((resolve, reject) => {
        init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason));
        this.probes.push({
          url: String(input),
          at: this.clock.now() - this.#start,
          answer: (status) => resolve(new Response(null, { status })),
        });
      });
    const { clock } = this;
    this.checks = new HealthChecks(this, { fetch: fetch as never, ...options }, {
      clock,
      random: () => 0.5,
    });
  }

  readmit({ id }: Endpoint): void {
    this.readmitted.push(id);
    this.ejections = this.ejections.filter(({ endpoint }) => endpoint.id !== id);
  }

  eject(...ids: string[]): void {
    const until = this.clock.now() + 30_000;
    this.ejections.push(...ids.map((id) => ({ endpoint: endpoint(id), until })));
    this.checks.changed();
  }
}

test("HealthChecks probe an ejected endpoint after its ejection, and again until one succeeds", async () => {
  const world = new World({ path: "/health?deep=1" });
  assertEquals(world.clock.pending, 0);
  world.eject("a");
  await world.clock.advance(29_999);
  assertEquals(world.probes.length, 0);
  await world.clock.advance(1);
  assertEquals(world.probes[0]!.url, "http://10.0.0.1:8080/health?deep=1");
  world.probes[0]!.answer(503);
  await world.clock.advance(4_999);
  assertEquals(world.probes.length, 1);
  await world.clock.advance(1);
  // A redirect is no success either; nor is silence.
  world.probes[1]!.answer(302);
  await world.clock.advance(5_000);
  await world.clock.advance(1_000);
  await world.clock.advance(5_000);
  assertEquals(world.probes.map(({ at }) => at), [30_000, 35_000, 40_000, 46_000]);
  world.probes[3]!.answer(204);
  await world.clock.advance(0);
  assertEquals(world.readmitted, ["a"]);
  assertEquals(world.clock.pending, 0);
  await world.clock.advance(600_000);
  assertEquals(world.probes.length, 4);
});

test("HealthChecks run a limited number of probes at a time, and stop with what is removed or closed", async () => {
  const world = new World({ concurrency: 2, timeoutMs: 60_000 });
  world.eject("a", "b", "c", "d");
  await world.clock.advance(30_000);
  assertEquals(world.probes.length, 2);
  world.probes[0]!.answer(200);
  await world.clock.advance(0);
  assertEquals([world.readmitted.join(), world.probes.length], ["a", 3]);
  // d is removed from the list before its turn comes.
  world.ejections = world.ejections.filter(({ endpoint }) => endpoint.id !== "d");
  world.probes[1]!.answer(500);
  await world.clock.advance(1_000);
  assertEquals(world.probes.length, 3);
  world.checks.close();
  await world.clock.advance(600_000);
  assertEquals([world.probes.length, world.clock.pending], [3, 0]);
  world.eject("e");
  assertEquals(world.clock.pending, 0);
});

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function start(ports: number[], options: PilotedOptions): Promise<Piloted> {
  const app = ports.map((port) => ({ id: `${port}`, address: "127.0.0.1", port }));
  return createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "myApp" }] },
    source: new StaticSource({ myApp: app }),
    signals: false,
    outliers: { consecutiveFailures: 1, baseEjectionMs: 20 },
    ...options,
  });
}

function eject(piloted: Piloted, port: number): void {
  piloted.acquire("myApp", { exclude: ({ id }) => id !== `${port}` }).release("failure");
  assertEquals(piloted.status("myApp").balance.ejectedCount, 1);
}

test("healthChecks: an ejected endpoint returns by a real HTTP request, and never by a lease", async () => {
  const paths: string[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    paths.push(request.url!);
    response.writeHead(status).end("x".repeat(100_000));
  });
  const port = await listen(server);
  const healthChecks = { MYAPP: { path: "/ready", intervalMs: 20 } };
  const piloted = await start([port, 9, 10], { healthChecks });
  eject(piloted, port);
  await waitUntil(() => paths.length >= 3);
  const leases = Array.from({ length: 50 }, () => piloted.acquire("myApp"));
  assert(leases.every((lease) => lease.endpoint.port !== port));
  for (let i = 0; i < 1_000; i++) assert(piloted.pick("myApp").port !== port);
  status = 200;
  await waitUntil(() => piloted.status("myApp").balance.ejectedCount === 0);
  assert(paths.every((path) => path === "/ready"), paths.join());
  for (const lease of leases) lease.release("unknown");
  await piloted.close();
  server.closeAllConnections();
  server.close();
});

test("healthChecks: a TCP probe connects, and refused is no success", async () => {
  const server = createTcpServer((socket) => socket.on("error", () => {}));
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  const healthChecks = { myApp: { type: "tcp", intervalMs: 10 } } as const;
  const piloted = await start([port, 9, 10], { healthChecks });
  eject(piloted, port);
  const readmitted = piloted.once("balance");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(piloted.status("myApp").balance.ejectedCount, 1);
  const again = createTcpServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => again.listen(port, "127.0.0.1", resolve));
  assertEquals((await readmitted).type, "readmitted");
  await piloted.close();
  await new Promise((resolve) => again.close(resolve));
});

test("healthChecks end with close() and with their service, and without them leases probe", async () => {
  const clock = new ManualClock();
  const consul = new EmbeddedConsul();
  for (const id of ["a", "b", "c"]) {
    consul.register({ id, name: "app", address: `127.0.0.${id.charCodeAt(0)}`, port: 1 });
  }
  const piloted = await createPiloted({
    config: { consul: "consul:8500", watches: [{ name: "app" }] },
    source: new StaticSource({ app: [1, 2, 3].map((port) => ({ address: "127.0.0.1", port })) }),
    signals: false,
    clock,
    outliers: { consecutiveFailures: 1 },
    healthChecks: { app: {} },
  });
  await clock.advance(0);
  const idle = clock.pending;
  piloted.acquire("app").release("failure");
  assertEquals(clock.pending, idle + 1);
  await piloted.close();
  assertEquals(clock.pending, 0);
});

test("healthChecks are checked", async () => {
  const wrong: [unknown, ErrorConstructor, string][] = [
    [{ path: "health" }, TypeError, 'it must begin with "/", received "health"'],
    [{ type: "tcp", path: "/" }, TypeError, 'with type "tcp" no request is sent'],
    [{ type: "udp" }, TypeError, "one of http, tcp"],
    [{ intervalMs: 0 }, RangeError, "at least 10, received 0"],
    [{ timeoutMs: NaN }, TypeError, "received NaN"],
    [{ concurrency: 0 }, RangeError, "at least 1"],
    [{ interval: 5 }, TypeError, "Did you mean intervalMs?"],
    [null, TypeError, 'healthChecks of createPiloted() for "app": they must be an object'],
  ];
  for (const [check, kind, message] of wrong) {
    const healthChecks = { app: check } as never;
    await assertRejects(() => start([1], { healthChecks }), kind, message);
  }
  const onDemand = { mode: "on-demand", healthChecks: { app: {} } } as const;
  await assertRejects(() => start([1], onDemand), TypeError, "option healthChecks");
});
