/** What a source makes of upstreams of every kind, over scripted responses on a manual clock. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import { PilotedSource, type PilotedSourceOptions } from "../../src/source/piloted.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

const encoder = new TextEncoder();

interface Opened {
  readonly url: URL;
  readonly headers: Headers;
  readonly at: number;
  send(text: string): void;
  end(): void;
}

const endpoint = (id: string, facts: object = {}) => ({
  service: "app",
  id,
  address: "10.0.0.1",
  port: 80,
  ports: {},
  node: "n1",
  datacenter: "dc1",
  tags: [],
  meta: {},
  weight: 1,
  status: "passing",
  zone: "",
  ...facts,
});
const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const hello = (epoch = "e1", facts: object = {}) =>
  event("hello", { version: 1, epoch, heartbeatMs: 15_000, ...facts });
const list = (ids: readonly string[], facts: object = {}) =>
  event("list", {
    service: "app",
    state: "live",
    ageMs: 0,
    endpoints: ids.map((id) => endpoint(id)),
    ...facts,
  });

interface Stage {
  readonly clock: ManualClock;
  readonly source: PilotedSource;
  /** Streams that were opened, in order. */
  readonly opened: Opened[];
  /** Plain reads, in order. */
  readonly plain: Request[];
  /** What answers instead of a stream that opens. */
  answer: ((request: Request) => Response | Promise<Response> | undefined) | undefined;
  ids(position?: string): Promise<string[]>;
}

async function staged(
  run: (stage: Stage) => Promise<void>,
  options: Partial<PilotedSourceOptions> & { urls?: readonly string[] } = {},
): Promise<void> {
  const clock = new ManualClock();
  const { urls = ["http://tier"], ...rest } = options;
  const opened: Opened[] = [];
  const plain: Request[] = [];
  const fetch: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const given = await stage.answer?.(request);
    if (given !== undefined) return given;
    if (url.pathname !== "/v1/events") {
      plain.push(request);
      const body = { service: "app", state: "live", ageMs: 7, endpoints: [endpoint("plain")] };
      return Response.json(body, { headers: { etag: 'W/"1"', "piloted-age-ms": "7" } });
    }
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    opened.push({
      url,
      headers: request.headers,
      at: clock.now(),
      send: (text) => controller.enqueue(encoder.encode(text)),
      end: () => controller.close(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const source = new PilotedSource({
    upstreams: urls.map((url) => ({ url, fetch })),
    clock,
    random: () => 0.5,
    ...rest,
  });
  const stage: Stage = {
    clock,
    source,
    opened,
    plain,
    answer: undefined,
    ids: async (position) => {
      const reading = await source.read({ service: "app" }, { position, waitMs: 60_000 });
      return reading.endpoints.map(({ id }) => id);
    },
  };
  try {
    await run(stage);
  } finally {
    await source.close();
  }
}

/** Opens the first stream with one list. */
async function opening({ clock, opened, ids }: Stage): Promise<void> {
  const read = ids();
  await clock.advance(0);
  opened[0]!.send(hello() + list(["a", "b"]) + "id: e1-7\n\n");
  assertEquals(await read, ["a", "b"]);
}

test("PilotedSource follows all names over one stream", async () => {
  await staged(async ({ clock, opened, source }) => {
    const reads = Promise.all([source.read({ service: "app" }), source.read({ service: "db" })]);
    await clock.advance(0);
    opened[0]!.send(hello() + list(["a"]) + list([], { service: "db" }));
    const [app, db] = await reads;
    assertEquals([app.endpoints.length, db.endpoints.length, opened.length], [1, 0, 1]);
    assertEquals(opened[0]!.url.search, "?service=app&service=db");
  });
});

test("PilotedSource applies what came, changed and went, in the order of the upstream", async () => {
  await staged(async (stage) => {
    await opening(stage);
    const { position } = await stage.source.read({ service: "app" });
    const held = stage.source.read({ service: "app" }, { position, waitMs: 60_000 });
    await stage.clock.advance(0);
    stage.opened[0]!.send(event("change", {
      service: "app",
      added: [endpoint("c")],
      removed: ["dc1\u0000n1\u0000a"],
      changed: [endpoint("b", { weight: 5 })],
      endpointCount: 2,
    }));
    const { endpoints, standing } = await held;
    assertEquals(endpoints.map(({ id, weight }) => `${id} ${weight}`), ["b 5", "c 1"]);
    assert(standing!.isAccepted);
  });
});

test("PilotedSource reads everything anew when a change does not fit its list", async () => {
  await staged(async (stage) => {
    await opening(stage);
    const change = { service: "app", added: [], removed: [], changed: [], endpointCount: 9 };
    stage.opened[0]!.send(event("change", change));
    await stage.clock.advance(0);
    await stage.clock.advance(0);
    assertEquals(stage.opened.length, 2);
    assertEquals(stage.opened[1]!.headers.get("last-event-id"), null);
  });
});

test("PilotedSource continues a stream that was cut from where it ended", async () => {
  await staged(async (stage) => {
    const { clock, opened, source } = stage;
    await opening(stage);
    await clock.advance(60_000 / 4);
    opened[0]!.end();
    await clock.advance(1_000);
    assertEquals(opened[1]!.headers.get("last-event-id"), "e1-7");
    assertEquals((await source.read({ service: "app" })).standing!.failure, undefined);
  });
});

test("PilotedSource takes a stream without a sign of life for dead", async () => {
  await staged(async (stage) => {
    const { clock, opened } = stage;
    await opening(stage);
    for (let i = 0; i < 10; i++) {
      await clock.advance(15_000);
      opened[0]!.send("retry: 1000\n\n");
    }
    await clock.advance(0);
    assertEquals(opened.length, 1);
    await clock.advance(44_000);
    assertEquals(opened.length, 1);
    await clock.advance(2_000);
    assertEquals(opened.length, 2);
  });
});

test("PilotedSource opens streams anew before something on the way cuts them", async () => {
  await staged(async (stage) => {
    const { clock, opened } = stage;
    await opening(stage);
    for (const stream of [0, 1]) {
      const age = () => clock.now() - opened[stream]!.at;
      if (stream > 0) opened[stream]!.send(hello());
      while (age() < 60_000) {
        await clock.advance(10_000);
        opened[stream]!.send("retry: 1000\n\n");
      }
      opened[stream]!.end();
      await clock.advance(1_000);
    }
    opened[2]!.send(hello());
    const { at } = opened[2]!;
    for (let i = 0; opened.length === 3 && i < 100; i++) {
      await clock.advance(1_000);
      if (opened.length === 3) opened[2]!.send("retry: 1000\n\n");
    }
    const lasted = opened[3]!.at - at;
    assert(lasted > 40_000 && lasted < 58_000, `it lasted ${lasted} ms`);
  });
});

for (
  const [what, answer] of [
    ["runs on demand", () => new Response(null, { status: 501 })],
    ["is older than streams for others", () =>
      new Response(event("snapshot", { services: [] }), {
        headers: { "content-type": "text/event-stream" },
      })],
    ["sends a newer format", () =>
      new Response(hello("e1", { version: 2 }), {
        headers: { "content-type": "text/event-stream" },
      })],
    [
      "answers with a page",
      () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    ],
  ] as const
) {
  test(`PilotedSource reads by requests where an upstream ${what}`, async () => {
    await staged(async (stage) => {
      stage.answer = (request) => request.url.includes("/v1/events") ? answer() : undefined;
      const read = stage.source.read({ service: "app" });
      await stage.clock.advance(0);
      const { endpoints, position, standing } = await read;
      assertEquals([endpoints[0]!.id, position, standing!.ageMs], ["plain", undefined, 7]);
    });
  });
}

test("PilotedSource reads by requests where events are held back on the way", async () => {
  await staged(async (stage) => {
    const read = stage.ids();
    await stage.clock.advance(5_000);
    await stage.clock.advance(0);
    assertEquals(await read, ["plain"]);
    // After a while it tries again.
    await stage.clock.advance(301_000);
    assertEquals(stage.opened.length, 2);
  });
});

test("PilotedSource says that a token is refused, or missing", async () => {
  for (
    const [token, why] of [["wrong", "it refuses the token"], [
      undefined,
      "it wants a token",
    ]] as const
  ) {
    const seen: (string | null)[] = [];
    const fetch: Fetch = (input, init) => {
      seen.push(new Request(input, init).headers.get("authorization"));
      return Promise.resolve(new Response(null, { status: 401 }));
    };
    const clock = new ManualClock();
    const source = new PilotedSource({ upstreams: [{ url: "http://tier", fetch, token }], clock });
    const read = source.read({ service: "app" }).catch((error) => error);
    await clock.advance(0);
    const error = await read;
    assertEquals(error.code, "REGISTRY_DENIED");
    assertMatch(error.message, new RegExp(why));
    assertEquals(seen[0], token === undefined ? null : `Bearer ${token}`);
    await source.close();
  }
});

test("PilotedSource asks again for a name that the upstream does not watch", async () => {
  await staged(async (stage) => {
    stage.answer = ({ url }) =>
      url.includes("/v1/services/") ? new Response(null, { status: 404 }) : undefined;
    const read = stage.ids().catch((error) => error);
    await stage.clock.advance(0);
    stage.opened[0]!.send(hello() + event("unknown", { service: "app" }));
    const error = await read;
    assertEquals([error.code, error.status], ["REGISTRY_RESPONSE", 404]);
    assertMatch(error.message, /does not watch "app"/);
    stage.answer = undefined;
    assertEquals(await stage.ids(), ["plain"]);
    await stage.clock.advance(0);
    assertEquals(stage.opened.length, 2);
  });
});

test("PilotedSource keeps the list of an upstream that is away, with its age and the reason", async () => {
  await staged(async (stage) => {
    const { clock, opened, source } = stage;
    await opening(stage);
    const { position } = await source.read({ service: "app" });
    const held = source.read({ service: "app" }, { position, waitMs: 60_000 });
    await clock.advance(10_000);
    stage.answer = () => Promise.reject(new TypeError("connection refused"));
    opened[0]!.end();
    await clock.advance(1_000);
    const { endpoints, standing } = await held;
    assertEquals([endpoints.length, standing!.failure!.code], [2, "REGISTRY_UNREACHABLE"]);
    assertEquals(standing!.ageMs, 10_500);
    stage.answer = undefined;
    await clock.advance(3_000);
    const again = await source.read({ service: "app" });
    assert(again.standing!.failure !== undefined);
    opened.at(-1)!.send(hello("e2") + list([], { ageMs: 3 }));
    await clock.advance(0);
    const back = await source.read({ service: "app" });
    assertEquals(back.standing, { ageMs: 0, failure: undefined, isAccepted: false });
  });
});

test("PilotedSource rejects while there is no list, with what the upstream says", async () => {
  await staged(async (stage) => {
    const read = stage.ids().catch((error) => error);
    await stage.clock.advance(0);
    stage.opened[0]!.send(hello() + list([], { state: "pending", reason: "Consul is away" }));
    const error = await read;
    assert(error instanceof PilotedError);
    assertMatch(error.message, /it is pending at the upstream http:\/\/tier: Consul is away/);
    const next = stage.ids();
    stage.opened[0]!.send(
      event("change", {
        service: "app",
        added: [endpoint("a")],
        removed: [],
        changed: [],
        endpointCount: 1,
      }) + event("state", { service: "app", state: "live", ageMs: 0 }),
    );
    assertEquals(await next, ["a"]);
  });
});

test("PilotedSource uses another upstream when one fails, and stays there", async () => {
  await staged(async (stage) => {
    stage.answer = ({ url }) =>
      url.startsWith("http://one") ? Promise.reject(new TypeError("refused")) : undefined;
    const first = stage.ids().catch((error) => error.code);
    await stage.clock.advance(0);
    assertEquals(await first, "REGISTRY_UNREACHABLE");
    const second = stage.ids();
    await stage.clock.advance(1_000);
    stage.opened[0]!.send(hello() + list(["a"]));
    assertEquals(await second, ["a"]);
    assertEquals(stage.source.address, "http://two");
  }, { urls: ["http://one", "http://two"] });
});

test("PilotedSource without streams saves bodies by the entity tag", async () => {
  await staged(async (stage) => {
    assertEquals(await stage.ids(), ["plain"]);
    stage.answer = (request) =>
      request.headers.get("if-none-match") === 'W/"1"'
        ? new Response(null, { status: 304, headers: { "piloted-age-ms": "900" } })
        : undefined;
    const { endpoints, standing } = await stage.source.read({ service: "app" });
    assertEquals([endpoints[0]!.id, standing!.ageMs], ["plain", 900]);
  }, { stream: false });
});

test("PilotedSource narrows a list by tag, datacenter and port, and refuses what only a registry can", async () => {
  await staged(async (stage) => {
    const read = stage.source.read({ service: "app", tag: "X", port: "http" });
    await stage.clock.advance(0);
    stage.opened[0]!.send(
      hello() + list([], {
        endpoints: [
          endpoint("a", { tags: ["x"], ports: { http: 8080 } }),
          endpoint("b", { tags: ["x"] }),
          endpoint("c", { tags: ["y"], ports: { http: 1 } }),
        ],
      }),
    );
    const { endpoints, skippedCount } = await read;
    assertEquals(endpoints.map(({ id, host }) => `${id} ${host}`), ["a 10.0.0.1:8080"]);
    assertEquals(skippedCount, 1);
    await assertRejects(
      () => stage.source.read({ service: "app", filter: "x" }),
      PilotedError,
      'with "filter"',
    );
  });
});

test("PilotedSource ends reads with their own signal", async () => {
  await staged(async (stage) => {
    await opening(stage);
    const { position } = await stage.source.read({ service: "app" });
    const abort = new AbortController();
    const options = { position, waitMs: 60_000, signal: abort.signal };
    const held = stage.source.read({ service: "app" }, options).catch((error) => error);
    await stage.clock.advance(10);
    abort.abort("enough");
    assertEquals(await held, "enough");
  });
});

test("PilotedSource: 10,000 clients of a restarted tier come back at a steady rate", async () => {
  const clients = 10_000;
  const clock = new ManualClock();
  const start = clock.now();
  const arrivals: number[] = [];
  let isAway = false;
  let end: (() => void)[] = [];
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const fetch: Fetch = () => {
    if (start < clock.now()) arrivals.push(clock.now() - start);
    if (isAway) return Promise.reject(new TypeError("refused"));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        // What TierStreams asks for with so many streams.
        controller.enqueue(encoder.encode(`retry: ${clients}\n\n${hello()}${list(["a"])}`));
        end.push(() => controller.close());
      },
    });
    return Promise.resolve(
      new Response(body, { headers: { "content-type": "text/event-stream" } }),
    );
  };
  // A tenth of the clients in the suite: their rate is a tenth as well.
  const share = 10;
  const sources = Array.from(
    { length: clients / share },
    () => new PilotedSource({ upstreams: [{ url: "http://tier", fetch }], clock, random }),
  );
  const reads = sources.map((source) => source.read({ service: "app" }));
  await clock.advance(0);
  await Promise.all(reads);
  const closing = end;
  end = [];
  isAway = true;
  await clock.advance(1);
  for (const close of closing) close();
  await clock.advance(2_000);
  isAway = false;
  await clock.advance(40_000);
  assertEquals(end.length, sources.length);
  const perSecond = new Map<number, number>();
  for (const at of arrivals) {
    const second = Math.floor(at / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  const steady = clients / share / (clients / 1_000);
  const peak = Math.max(...perSecond.values());
  assert(peak <= 2 * steady, `${peak} in one second, steady are ${steady}`);
  await Promise.all(sources.map((source) => source.close()));
});
