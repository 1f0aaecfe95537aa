import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Redis, type RedisOptions } from "ioredis";
import { createClient } from "redis";
import { follow } from "../../../src/client/follow.ts";
import { PilotedError } from "../../../src/errors.ts";
import { type ConnectorOptions, pilotedConnector } from "../../../src/plugs/redis/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { DATABASE, Databases } from "../support/databases.ts";
import { skipWithoutServer } from "../support/server_process.ts";

const skip = await skipWithoutServer("redis");

/** Runs a test with servers, and an ioredis that follows them. */
function withRedis(
  ids: readonly string[],
  run: (redis: Redis, it: Databases) => Promise<void>,
  options: ConnectorOptions = {},
  redisOptions: RedisOptions = {},
): Promise<void> {
  return Databases.run(async (it) => {
    await it.start("redis", ...ids);
    const redis = connect(it, options, redisOptions);
    try {
      await run(redis, it);
    } finally {
      redis.disconnect();
      await ended(redis);
    }
  });
}

function connect(it: Databases, options: ConnectorOptions = {}, more: RedisOptions = {}): Redis {
  const Connector = pilotedConnector(it.piloted, DATABASE, options);
  const redis = new Redis({ Connector, ...more });
  redis.on("error", () => {});
  return redis;
}

async function ended(redis: Redis): Promise<void> {
  await waitUntil(() => redis.status === "end" || redis.status === "wait");
}

/** Id of the server that a Redis is connected to. */
async function serverOf(redis: Redis, it: Databases): Promise<string | undefined> {
  const [, port] = /^tcp_port:(\d+)/m.exec(await redis.info("server")) ?? [];
  return it.idOf(Number(port));
}

test("pilotedConnector() leaves a server that is not listed any more, and loses no command", {
  skip,
}, () =>
  withRedis(["a", "b"], async (redis, it) => {
    const errors: unknown[] = [];
    let count = 0;
    let isRunning = true;
    const worker = async () => {
      while (isRunning) await redis.incr("n").then(() => count++, (error) => errors.push(error));
    };
    const workers = Array.from({ length: 20 }, worker);
    for (let round = 0; round < 4; round++) {
      const before = count;
      await waitUntil(() => count > before + 200);
      const from = (await serverOf(redis, it))!;
      await it.unlist(from);
      await waitUntil(async () => await serverOf(redis, it) !== from);
      await it.list(from);
    }
    isRunning = false;
    await Promise.all(workers);
    assertEquals(errors, []);
    // Each command was executed once, on one of both.
    const executed = await Promise.all(
      [...it.servers.values()].map(async ({ port }) => {
        const direct = new Redis({ port });
        const value = Number(await direct.get("n"));
        direct.disconnect();
        await ended(direct);
        return value;
      }),
    );
    assertEquals(executed[0]! + executed[1]!, count);
  }));

test("pilotedConnector() waits for a large reply and a blocking command before it leaves", {
  skip,
}, () =>
  withRedis(["a"], async (redis, it) => {
    const count = 200_000;
    await redis.eval(
      `for i = 1, ${count} do redis.call("rpush", KEYS[1], "item " .. i) end`,
      1,
      "large",
    );
    const replies = Promise.all([
      redis.lrange("large", 0, -1),
      redis.brpop("list", 20),
      redis.set("after", "OK"),
    ]);
    await it.start("redis", "b");
    await it.unlist("a");
    // Issued while the old connection waits: it is executed by the new one.
    const late = redis.set("late", "1");
    const direct = new Redis({ port: it.servers.get("a")!.port });
    assertEquals(await direct.get("late"), null);
    await direct.lpush("list", "item");
    const [reply, popped, after] = await replies;
    assertEquals([reply.length, reply.at(-1)], [count, `item ${count}`]);
    assertEquals([popped, after], [["list", "item"], "OK"]);
    assertEquals(await late, "OK");
    assertEquals(await serverOf(redis, it), "b");
    direct.disconnect();
    await ended(direct);
  }));

test("pilotedConnector() cuts what takes longer than drainMs", { skip }, () =>
  withRedis(
    ["a"],
    async (redis, it) => {
      await redis.ping();
      const popped = redis.brpop("list", 0);
      await it.start("redis", "b");
      await it.unlist("a");
      await waitUntil(() => redis.status !== "ready");
      await waitUntil(() => redis.status === "ready");
      // Sent again to the other server.
      const direct = new Redis({ port: it.servers.get("b")!.port });
      await direct.lpush("list", "item");
      assertEquals(await popped, ["list", "item"]);
      direct.disconnect();
      await ended(direct);
    },
    { drainMs: 50 },
  ));

test("pilotedConnector() follows a primary by its tag, with its subscriptions and database", {
  skip,
}, () =>
  Databases.run(async (it) => {
    await it.start("redis", "a", "b");
    await it.list("a", ["primary"]);
    const redis = connect(it, { tags: ["primary"] }, { db: 3 });
    const subscriber = redis.duplicate();
    subscriber.on("error", () => {});
    const messages: string[] = [];
    subscriber.on("message", (_channel, message) => messages.push(message));
    await subscriber.subscribe("news");
    assertEquals(await serverOf(redis, it), "a");
    await redis.publish("news", "from a");
    // While there is no primary, the connection stays.
    await it.list("a", ["replica"]);
    assertEquals(await serverOf(redis, it), "a");
    await it.list("b", ["primary"]);
    await waitUntil(async () => await serverOf(redis, it) === "b");
    assert(/ db=3 /.test(await redis.client("INFO") as string));
    await waitUntil(async () => await redis.publish("news", "from b") === 1);
    await waitUntil(() => messages.includes("from b"));
    assertEquals(messages[0], "from a");
    for (const one of [redis, subscriber]) {
      one.disconnect();
      await ended(one);
    }
  }));

test("pilotedConnector() connects elsewhere when its server is killed, and to one that restarts", {
  skip,
}, () =>
  withRedis(["a", "b"], async (redis, it) => {
    const first = (await serverOf(redis, it))!;
    await it.servers.get(first)!.stop();
    // Still listed, as until its health check fails.
    const second = (await serverOf(redis, it))!;
    assert(second !== first);
    await it.servers.get(second)!.stop();
    const reply = redis.ping();
    await it.servers.get(second)!.start();
    assertEquals(await reply, "PONG");
  }));

test(
  "pilotedConnector() keeps its connection while nothing is listed",
  { skip },
  () =>
    withRedis(["a"], async (redis, it) => {
      assertEquals(await redis.set("key", "value"), "OK");
      await it.unlist("a");
      assertEquals(await redis.get("key"), "value");
    }),
);

test("pilotedConnector() waits for a first server, as ioredis does", { skip }, () =>
  withRedis(
    [],
    async (redis, it) => {
      const errors: Error[] = [];
      redis.on("error", (error) => errors.push(error));
      const reply = redis.ping();
      await waitUntil(() => errors.length > 0);
      assertEquals((errors[0] as PilotedError).code, "NO_ENDPOINTS");
      await it.start("redis", "a");
      assertEquals(await reply, "PONG");
    },
    { waitMs: 20 },
  ));

test(
  "pilotedConnector() leaves nothing behind after quit(), disconnect() and close()",
  { skip },
  () =>
    Databases.run(async (it) => {
      await it.start("redis", "a", "b");
      for (const end of ["quit", "disconnect"] as const) {
        const redis = connect(it);
        await redis.ping();
        await redis[end]();
        await ended(redis);
        await waitUntil(() => it.piloted.status(DATABASE).balance.pendingCount === 0);
      }
      // It connects again when it is told to.
      const redis = connect(it, {}, { lazyConnect: true });
      for (let round = 0; round < 3; round++) {
        await redis.connect();
        assertEquals(await redis.ping(), "PONG");
        redis.disconnect();
        await ended(redis);
      }
      await redis.connect();
      await it.piloted.close();
      await ended(redis);
      const error = await assertRejects(() => redis.connect(), PilotedError);
      assertEquals(error.code, "CLOSED");
    }),
);

test("pilotedConnector() rejects what is wrong", () =>
  Databases.run(async (it) => {
    assertThrows(() => pilotedConnector(it.piloted, "orders"), PilotedError, "orders");
    const wrong = { tag: ["primary"] } as ConnectorOptions;
    assertThrows(
      () => pilotedConnector(it.piloted, DATABASE, wrong),
      TypeError,
      "Cannot use option tag of pilotedConnector(): there is no such option. Did you mean tags?",
    );
    assertThrows(
      () => pilotedConnector(it.piloted, DATABASE, { tags: "primary" as never }),
      TypeError,
      "a list of strings",
    );
    await it.piloted.close();
    const error = assertThrows(() => pilotedConnector(it.piloted, DATABASE), PilotedError);
    assertEquals(error.code, "CLOSED");
  }));

test("follow() serves node-redis: commands under way end before the old client is closed", {
  skip,
}, () =>
  Databases.run(async (it) => {
    await it.start("redis", "a", "b");
    await using redis = follow(it.piloted, DATABASE, {
      async open({ host }) {
        const client = createClient({ url: `redis://${host}` });
        client.on("error", () => {});
        return await client.connect();
      },
      close: (client) => client.close(),
    });
    let count = 0;
    let isRunning = true;
    const worker = async () => {
      while (isRunning) {
        await redis.use((client) => client.incr("n"));
        count++;
      }
    };
    const workers = Array.from({ length: 10 }, worker);
    const { endpoint } = redis.clients[0] ?? (await redis.ready(), redis.clients[0]!);
    const before = count;
    await it.unlist(endpoint.id);
    await waitUntil(() => redis.clients[0]!.endpoint.host !== endpoint.host);
    await waitUntil(() => count > before + 100);
    isRunning = false;
    await Promise.all(workers);
  }));
