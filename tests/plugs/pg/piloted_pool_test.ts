import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import postgres from "postgres";
import { follow } from "../../../src/client/follow.ts";
import { PilotedError } from "../../../src/errors.ts";
import {
  PilotedPool,
  type PilotedPoolConfig,
  type PilotedPoolOptions,
} from "../../../src/plugs/pg/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { DATABASE, Databases } from "../support/databases.ts";
import { skipWithoutServer } from "../support/server_process.ts";

const skip = await skipWithoutServer("postgres");

const APP = { user: "app", database: "postgres" };

/** Runs a test with servers, and a pool that follows them. */
function withPool(
  ids: readonly string[],
  run: (pool: PilotedPool, it: Databases) => Promise<void>,
  options: PilotedPoolOptions = {},
  config: PilotedPoolConfig = {},
): Promise<void> {
  return Databases.run(async (it) => {
    await it.start("postgres", ...ids);
    const pool = new PilotedPool(it.piloted, DATABASE, { ...APP, ...config }, options);
    try {
      await run(pool, it);
    } finally {
      await pool.end();
    }
  });
}

/** Id of the server that executed a query. */
async function serverOf(
  from: { query(text: string): Promise<{ rows: { port: number }[] }> },
  it: Databases,
): Promise<string | undefined> {
  return it.idOf((await from.query("SELECT inet_server_port() AS port")).rows[0]!.port);
}

/** Ids of the servers that the connections of a full pool are connected to. */
async function servers(pool: PilotedPool, it: Databases, count: number): Promise<string[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
  const ids = await Promise.all(
    clients.map((client) => serverOf(client, it)),
  );
  clients.forEach((client) => client.release());
  return ids.sort() as string[];
}

test(
  "PilotedPool spreads connections, and drains those to a server that goes away",
  { skip },
  () =>
    withPool(
      ["a", "b"],
      async (pool, it) => {
        assertEquals([...new Set(await servers(pool, it, 10))], ["a", "b"]);
        const errors: unknown[] = [];
        let count = 0;
        let isRunning = true;
        const worker = async () => {
          while (isRunning) {
            await pool.query("SELECT pg_sleep(0.001)").then(() => count++, (e) => errors.push(e));
          }
        };
        const workers = Array.from({ length: 10 }, worker);
        const transaction = await pool.connect();
        await transaction.query("BEGIN");
        const from = (await serverOf(transaction, it))!;
        await it.unlist(from);
        await waitUntil(() => count > 100);
        // Work under way goes on where it began.
        assertEquals(await serverOf(transaction, it), from);
        await transaction.query("COMMIT");
        transaction.release();
        const before = count;
        await waitUntil(() => count > before + 100);
        isRunning = false;
        await Promise.all(workers);
        assertEquals(errors, []);
        const other = from === "a" ? "b" : "a";
        assertEquals([...new Set(await servers(pool, it, 10))], [other]);
        await it.list(from);
        await waitUntil(async () => {
          // As maxLifetimeSeconds does it.
          (await pool.connect()).release(true);
          return new Set(await servers(pool, it, 10)).size === 2;
        });
      },
      {},
      { max: 20 },
    ),
);

test("PilotedPool closes idle connections to a server that goes away", { skip }, () =>
  withPool(
    ["a"],
    async (pool, it) => {
      assertEquals(await servers(pool, it, 5), ["a", "a", "a", "a", "a"]);
      await it.start("postgres", "b");
      await it.unlist("a");
      await waitUntil(() => pool.totalCount === 0);
      assertEquals(await servers(pool, it, 2), ["b", "b"]);
      // Two connections, and the endpoint that is followed.
      await waitUntil(() => it.piloted.status(DATABASE).balance.pendingCount === 3);
    },
    {},
    { idleTimeoutMillis: 0 },
  ));

test("PilotedPool loses no more than what is under way when a server is killed or shut down", {
  skip,
}, () =>
  withPool(
    ["a", "b"],
    async (pool, it) => {
      await it.list("a", ["primary"]);
      let count = 0;
      let errors: Error[] = [];
      let isRunning = true;
      const worker = async () => {
        while (isRunning) {
          await pool.query("SELECT pg_sleep(0.002)").then(() => count++, (e) => errors.push(e));
        }
      };
      const workers = Array.from({ length: 5 }, worker);
      for (const signal of ["SIGKILL", "SIGINT", "SIGQUIT"]) {
        const before = count;
        await waitUntil(() => count > before + 50);
        errors = [];
        // Both stay listed: only the connections say which one is gone.
        await it.servers.get("a")!.stop(signal);
        const then = count;
        await waitUntil(() => count > then + 50);
        assert(errors.length <= 5, `${signal}: ${errors.map(({ message }) => message)}`);
        await it.servers.get("a")!.start();
      }
      isRunning = false;
      await Promise.all(workers);
    },
    {},
    { max: 5 },
  ));

test(
  "PilotedPool waits for the only server while it restarts",
  { skip },
  () =>
    withPool(["a"], async (pool, it) => {
      assertEquals(await serverOf(pool, it), "a");
      await it.servers.get("a")!.stop("SIGQUIT");
      await waitUntil(() => pool.totalCount === 0);
      const queries = Array.from({ length: 20 }, () => serverOf(pool, it));
      await it.servers.get("a")!.start();
      assertEquals([...new Set(await Promise.all(queries))], ["a"]);
    }, { waitMs: 30_000 }),
);

test("PilotedPool follows a primary by its tag, also with max: 1", { skip }, () =>
  withPool(
    [],
    async (pool, it) => {
      const first = serverOf(pool, it);
      await it.start("postgres", "a", "b");
      await it.list("a", ["primary"]);
      assertEquals(await first, "a");
      await it.list("a", ["replica"]);
      assertEquals(await serverOf(pool, it), "a");
      await it.list("b", ["primary"]);
      await waitUntil(async () => await serverOf(pool, it) === "b");
      // Kept while nothing is listed.
      await it.unlist("a");
      await it.unlist("b");
      assertEquals(await serverOf(pool, it), "b");
    },
    { tags: ["primary"], waitMs: 30_000 },
    { max: 1 },
  ));

test(
  "PilotedPool keeps its connections when nothing else can be connected to",
  { skip },
  () =>
    withPool(["a", "b"], async (pool, it) => {
      await it.unlist("b");
      await waitUntil(async () => (await servers(pool, it, 3)).join() === "a,a,a");
      await it.servers.get("b")!.stop();
      await it.list("b");
      await it.unlist("a");
      assertEquals(await servers(pool, it, 3), ["a", "a", "a"]);
      await it.servers.get("b")!.start();
      await waitUntil(async () => (await servers(pool, it, 3)).join() === "b,b,b");
    }),
);

test(
  "PilotedPool cuts what takes longer than drainMs, on a server that hangs",
  { skip },
  () =>
    withPool(["a"], async (pool, it) => {
      const server = it.servers.get("a")!;
      const query = assertRejects(() => pool.query("SELECT pg_sleep(60)"), Error, "terminated");
      await waitUntil(() => pool.totalCount === 1);
      await it.start("postgres", "b");
      await it.unlist("a");
      await query;
      assertEquals(await serverOf(pool, it), "b");
      await server.stop("SIGQUIT");
    }, { drainMs: 20 }),
);

test(
  "PilotedPool does not repeat what the server has rejected",
  { skip },
  () =>
    withPool(
      ["a"],
      async (pool) => {
        for (let round = 0; round < 3; round++) {
          await assertRejects(() => pool.query("SELECT 1"), Error, "does not exist");
        }
        assertEquals(pool.totalCount, 0);
      },
      {},
      { database: "missing" },
    ),
);

test(
  "PilotedPool fails with NO_ENDPOINTS and why, and with CLOSED",
  { skip },
  () =>
    withPool(["a"], async (pool, it) => {
      await it.servers.get("a")!.stop();
      const error = await assertRejects(() => pool.query("SELECT 1"), PilotedError);
      assertEquals(error.code, "NO_ENDPOINTS");
      assert((error.cause as Error).message.includes("ECONNREFUSED"), `${error.cause}`);
      await it.servers.get("a")!.start();
      await waitUntil(async () => await serverOf(pool, it) === "a");
      const client = await pool.connect();
      void it.piloted.close();
      // Work under way goes on.
      assertEquals((await client.query("SELECT 1")).rowCount, 1);
      client.release();
      await pool.end();
      await assertRejects(() => pool.query("SELECT 1"), Error, "pool after calling end");
    }, { waitMs: 200 }),
);

test(
  "PilotedPool serves callbacks, onConnect, and connectionTimeoutMillis",
  { skip },
  () =>
    withPool(
      ["a"],
      async (pool) => {
        const rows = await new Promise((resolve, reject) =>
          pool.query(
            "SHOW application_name",
            (error, result) => error ? reject(error) : resolve(result.rows),
          )
        );
        assertEquals(rows, [{ application_name: "shop" }]);
        const [one, two] = await Promise.all([pool.connect(), pool.connect()]);
        const started = performance.now();
        await assertRejects(() => pool.connect(), Error, "timeout exceeded");
        assert(performance.now() - started < 4_000);
        one.release();
        two.release();
        await new Promise<void>((resolve) => pool.end(resolve));
      },
      {},
      {
        max: 2,
        connectionTimeoutMillis: 1_000,
        onConnect: async (client) => {
          await client.query("SET application_name = 'shop'");
        },
      },
    ),
);

test("PilotedPool rejects what is wrong", () =>
  Databases.run(async (it) => {
    const create = (config: object, options: object = {}, name = DATABASE) => () =>
      new PilotedPool(it.piloted as never, name, config, options);
    assertThrows(create({}, {}, "orders"), PilotedError, "orders");
    assertThrows(create({ host: "10.0.0.1" }), TypeError, "addresses come from the registry");
    assertThrows(create({}, { tag: ["a"] }), TypeError, "Did you mean tags?");
    assertThrows(create({}, { drainMs: -1 }), RangeError, "at least 0");
    await it.piloted.close();
    assertEquals(assertThrows(create({}), PilotedError).code, "CLOSED");
  }));

test("follow() serves postgres.js: queries under way end before the old client is closed", {
  skip,
}, () =>
  Databases.run(async (it) => {
    await it.start("postgres", "a", "b");
    await using db = follow(it.piloted, DATABASE, {
      open: ({ address, port }) => postgres({ host: address, port, ...APP, max: 2 }),
      close: (sql) => sql.end(),
    });
    const { endpoint } = (await db.ready(), db.clients[0]!);
    const query = db.use((sql) => sql`SELECT pg_sleep(0.2), inet_server_port() AS port`);
    await it.unlist(endpoint.id);
    await waitUntil(() => db.clients[0]!.endpoint.id !== endpoint.id);
    const [row] = await db.use((sql) => sql`SELECT inet_server_port() AS port`);
    assertEquals(it.idOf(row!.port), db.clients[0]!.endpoint.id);
    assertEquals(it.idOf((await query)[0]!.port), endpoint.id);
  }));
