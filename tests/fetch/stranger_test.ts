/** Cases of each kind of fault that nobody has reported yet, over real servers. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { BalancerName } from "../../src/balance/create_balancer.ts";
import { isPilotedError } from "../../src/any_piloted_error.ts";
import { checkAddress } from "../../src/address.ts";
import { createFetch } from "../../src/client/create_fetch.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { type Backends, type SocketHandler, withBackends } from "./sockets.ts";
import { PoolSource } from "./support.ts";

const ok: SocketHandler = (_, response) => void response.end("ok");
const slow = (ms: number): SocketHandler => (_, response) =>
  void setTimeout(() => response.end("ok"), ms);

/** Failures in a row of every endpoint. */
function failures({ source }: Pick<Backends, "source">): number[] {
  return source.pool.status().endpoints.map((one) => one.consecutiveFailureCount);
}

/** The same backends with another balancer, and nothing ejected. */
function balancedBy(balancer: BalancerName, { ports, source }: Backends): PoolSource {
  const other = new PoolSource({ balancer, outliers: false });
  other.update(ports.map((port, i) => endpoint(`b${i}`, { address: "127.0.0.1", port })));
  source.closeSignal.addEventListener("abort", () => other.closing.abort(new Error("closed")));
  return other;
}

// 1. Fast failures must not attract traffic.
const FAST: Record<string, SocketHandler> = {
  "403": (_, response) => void response.writeHead(403).end("no"),
  "a page of 301 without a location": (_, response) => void response.writeHead(501).end(),
  "a closed connection": (request) => void request.socket.destroy(),
};
for (const balancer of ["p2c-ewma", "least-pending"] as const) {
  for (const [name, bad] of Object.entries(FAST)) {
    test(`createFetch() with ${balancer} gives little to the one of three that answers with ${name}`, async () => {
      await withBackends([bad, slow(10), slow(10)], async (world) => {
        const fetch = createFetch(balancedBy(balancer, world), { retry: "never" });
        const call = async () => void await fetch("http://app/").then((r) => r.text(), () => {});
        const calls = async (count: number) => {
          for (let i = 0; i < count; i += 6) await Promise.all(Array.from({ length: 6 }, call));
        };
        await calls(60);
        const [before] = world.received.map(({ length }) => length);
        await calls(120);
        const part = (world.received[0]!.length - before!) / 120;
        // Its fair share at most, in the first second.
        assert(part < 1 / 3, `${part}`);
      });
    });
  }
}

// 2. Whose fault is a timeout?
test("createFetch() blames no endpoint for the signals of callers, the rest of a deadline and slow bodies", async () => {
  const timers: Promise<void>[] = [];
  const later = (ms: number, run: () => void) =>
    void timers.push(new Promise((resolve) => setTimeout(() => resolve(run()), ms)));
  const busy: SocketHandler = ({ url }, response, count) => {
    if (url === "/rest" && count % 2 === 1) return void response.writeHead(503).end();
    if (url === "/body") {
      response.write("begun");
      return later(150, () => response.end());
    }
    later(120, () => response.end("ok"));
  };
  await withBackends([busy], async (world) => {
    const { fetch } = world;
    for (let i = 0; i < 3; i++) assertEquals(await (await fetch("http://app/")).text(), "ok");
    const signals = Array.from(
      { length: 6 },
      () => fetch("http://app/", { signal: AbortSignal.timeout(20) }).catch(() => {}),
    );
    await Promise.all(signals);
    assertEquals(failures(world), [0]);
    const bodies = Array.from(
      { length: 6 },
      () => fetch("http://app/body", { piloted: { timeoutMs: 100 } }).then((r) => r.text()),
    );
    assertEquals(await Promise.all(bodies), Array(6).fill("begun"));
    assertEquals(failures(world), [0]);
    const rests = Array.from(
      { length: 6 },
      () => fetch("http://app/", { piloted: { timeoutMs: 30, retry: "always" } }).catch(() => {}),
    );
    await Promise.all(rests);
    await Promise.all(timers);
    assertEquals(failures(world), [0]);
  });
});

// 3. One process, one share.
test("createFetch() takes two spellings of one address for one endpoint", async () => {
  await withBackends([ok], async ({ ports: [port], source, fetch, received }) => {
    const at = (id: string, address: string, node = "n1") =>
      endpoint(id, { address, port: port!, node });
    source.update([at("a", "127.0.0.1"), at("a", "127.0.0.1", "n2"), at("b", "127.0.0.1")]);
    assertEquals(source.pool.endpoints.length, 1);
    await (await fetch("http://app/")).text();
    assertEquals(received[0]!.length, 1);
    source.update([at("a", "::1"), at("b", "0:0:0:0:0:0:0:1"), at("c", "::0:1")]);
    assertEquals(source.pool.endpoints.map(({ ids }) => ids), [["a", "b", "c"]]);
    source.update([at("a", "Host.example"), at("b", "host.EXAMPLE")]);
    assertEquals(source.pool.endpoints.length, 1);
  });
});

// 4. Addresses that no URL can carry.
test("createFetch() blames an endpoint for an address that no URL can carry, or no fetch may use", async () => {
  await withBackends([ok], async ({ fetch, source, ports }) => {
    const good = endpoint("good", { address: "127.0.0.1", port: ports[0]! });
    const bad = [{ address: "a b", port: 1 }, { address: "[::1", port: 1 }, {
      address: "127.0.0.1",
      port: 6000,
    }, { address: "me@127.0.0.1", port: ports[0]! }];
    for (const facts of bad) {
      source.update([endpoint("bad", facts), good]);
      for (let i = 0; i < 2; i++) {
        const response = await fetch("http://app/x", { method: "POST", body: "once" });
        assertEquals(await response.text(), "ok", facts.address);
      }
      assertEquals(source.pool.pendingCount, 0);
    }
  });
  // What hides another host never comes from a source.
  const hidden = [
    "10.0.0.1:80/",
    "10.0.0.1#",
    "10.0.0.1?x=",
    "me@10.0.0.1",
    "10.0.0.1\\",
    "%31.2.3.4",
  ];
  for (const address of hidden) assertEquals(checkAddress(address).address, undefined, address);
});

// 5. Names with capitals.
test("createFetch() finds a service in any case through a Request, a redirect and a call with options", async () => {
  const handler: SocketHandler = ({ url }, response) => {
    if (url !== "/moved") return void response.end(url);
    response.writeHead(307, { location: "//APP/target" }).end();
  };
  await withBackends([handler], async ({ fetch }) => {
    assertEquals(await (await fetch(new Request("HTTP://App/a"))).text(), "/a");
    assertEquals(await (await fetch("http://aPP/moved")).text(), "/target");
    const call = { piloted: { timeoutMs: 5_000 } };
    assertEquals(await (await fetch(new URL("http://APP/b"), call)).text(), "/b");
    assertEquals(await (await fetch(new Request("http://APP/c"), call)).text(), "/c");
  }, { unknownHosts: "reject" });
});

// 6. Retry-After on 503.
test("createFetch() hears Retry-After of a POST, with retry: never, and as a date", async () => {
  const until = new Date(Date.now() + 60_000).toUTCString();
  for (const after of ["60", until]) {
    const resting: SocketHandler = (_, response) =>
      void response.writeHead(503, { "retry-after": after }).end();
    await withBackends([resting, ok], async ({ fetch, received }) => {
      for (let i = 0; i < 6; i++) {
        await (await fetch("http://app/", { method: "POST", piloted: { retry: "never" } })).text();
      }
      assertEquals(received.map(({ length }) => length), [1, 5], after);
    });
  }
});

// 7. Bodies.
test("createFetch() keeps the length of views, slices, empty bodies and requests up to 64 KiB", async () => {
  const lengths: (string | undefined)[] = [];
  const handler: SocketHandler = ({ headers }, response) => {
    lengths.push(headers["content-length"]);
    response.writeHead(lengths.length % 2 === 1 ? 503 : 200).end();
  };
  await withBackends([handler, handler], async ({ fetch }) => {
    const bytes = new Uint8Array(100);
    const request = (size: number) =>
      new Request("http://app/", { method: "PUT", body: new Uint8Array(size) });
    const bodies: [BodyInit, string][] = [
      [new DataView(bytes.buffer, 10, 20), "20"],
      [new Float64Array(bytes.buffer, 16, 2), "16"],
      [new Blob(["0123456789"]).slice(2, 5), "3"],
      [new File([], "empty"), "0"],
      ["", "0"],
      [new URLSearchParams({ ä: "ö" }), "13"],
      ["ä€", "5"],
    ];
    for (const [body, length] of bodies) {
      lengths.length = 0;
      await (await fetch("http://app/", { method: "PUT", body })).text();
      // Deno sends no length for an empty file, as its own fetch.
      const sent = length === "0" ? lengths.map((each) => each ?? "0") : lengths;
      assertEquals(sent, [length, length], `${body}`);
    }
    for (const size of [0, 1, 65_536]) {
      lengths.length = 0;
      await (await fetch(request(size))).text();
      assertEquals(lengths, [`${size}`, `${size}`]);
    }
  });
});

// 8. Downloads.
test("createFetch() releases the lease of a download however its body is read", async () => {
  const readers: Record<string, (response: Response) => Promise<unknown>> = {
    "a clone and the original": (r) => Promise.all([r.clone().text(), r.text()]),
    pipeTo: (r) => r.body!.pipeTo(new WritableStream()),
    "for await": async (r) => {
      for await (const _ of r.body as unknown as AsyncIterable<Uint8Array>);
    },
    "another Response": (r) => new Response(r.body, r).arrayBuffer(),
    tee: (r) => Promise.all(r.body!.tee().map((half) => new Response(half).text())),
    blob: (r) => r.blob(),
  };
  await withBackends([(_, response) => void response.end("x".repeat(10_000))], async (world) => {
    const source = balancedBy("least-pending", world);
    const fetch = createFetch(source);
    for (const [name, read] of Object.entries(readers)) {
      const response = await fetch("http://app/");
      assertEquals(source.pool.pendingCount, 1, name);
      await read(response);
      assertEquals(source.pool.pendingCount, 0, name);
    }
    await (await fetch("http://app/", { method: "HEAD" })).text();
    assertEquals(source.pool.pendingCount, 0);
  });
});

// 9. Signals.
test("createFetch() follows one signal through bodies and over several clients", async () => {
  const begun: SocketHandler = (_, response) => void response.write("begun");
  await withBackends([begun], async ({ fetch, source }) => {
    await withBackends([ok], async (other) => {
      const caller = new AbortController();
      const { signal } = caller;
      assertEquals(await (await other.fetch("http://app/", { signal })).text(), "ok");
      const responses = await Promise.all([1, 2].map(() => fetch("http://app/", { signal })));
      const texts = responses.map((response) => response.text().catch((error) => error));
      caller.abort(new Error("enough"));
      for (const text of await Promise.all(texts)) assert(text instanceof Error);
      await assertRejects(() => other.fetch("http://app/", { signal }), Error, "enough");
      assertEquals([source.pool.pendingCount, other.source.pool.pendingCount], [0, 0]);
    });
  });
});

// 10. What the caller sent is the caller's fault.
test("createFetch() blames no endpoint for headers, methods and bodies that cannot be sent", async () => {
  await withBackends([ok], async (world) => {
    const wrong: (() => RequestInit)[] = [
      () => ({ headers: { "x-line": "a\nb" } }),
      () => ({ headers: [["bad name", "x"]] }),
      () => ({ body: "on a GET" }),
      () => ({ method: "BAD METHOD" }),
      () => ({
        method: "POST",
        body: new ReadableStream({ pull: () => Promise.reject(new Error("mine")) }),
        duplex: "half",
      } as RequestInit),
      () => ({ method: "POST", headers: { "content-length": "abc" }, body: "x" }),
      () => ({ method: "POST", headers: { te: "gzip", trailer: "x" }, body: "x" }),
      () => ({ headers: { connection: "upgrade", upgrade: "h2c" } }),
      () => ({ redirect: "sideways" as RequestRedirect }),
    ];
    for (const init of [...wrong, ...wrong]) {
      await world.fetch("http://app/", init()).then((r) => r.text(), () => {});
    }
    assertEquals([failures(world), world.source.pool.pendingCount], [[0], 0]);
    assertEquals(await (await world.fetch("http://app/")).text(), "ok");
  });
});

// 11. Ports, suffixes and options of a call.
test("createFetch() takes default ports, suffixes with a dot at the end, and says what a port means", async () => {
  await withBackends(
    [(request, response) => void response.end(request.headers.host)],
    async ({ fetch, ports }) => {
      for (const host of ["app:80", "app.service.dc1.consul.", "APP.Service.DC1.Consul"]) {
        assertEquals(await (await fetch(`http://${host}/`)).text(), `127.0.0.1:${ports[0]}`, host);
      }
      for (const url of ["http://app:81/", "http://app.service.dc1.consul:8080/", "http://App:1"]) {
        await assertRejects(() => fetch(url), TypeError, "is a watched service");
      }
      const error = await assertRejects(() => fetch("http://appp/"));
      assert(isPilotedError(error) && error.code === "UNKNOWN_SERVICE", `${error}`);
    },
    { hosts: [".service.dc1.consul"], unknownHosts: "reject" },
  );
});

// 12. Redirects.
test("createFetch() follows a 303 with GET, leaves a 304 and an empty location alone, and keeps headers at home", async () => {
  const handler: SocketHandler = ({ url, method, headers }, response) => {
    if (url === "/303") return void response.writeHead(303, { location: "end" }).end();
    if (url === "/304") return void response.writeHead(304, { location: "/end" }).end();
    if (url === "/none") return void response.writeHead(302).end("stay");
    if (url === "/user") {
      return void response.writeHead(302, { location: `http://me:secret@${headers.host}/end` })
        .end();
    }
    response.end(JSON.stringify([method, url, headers["content-type"], headers.authorization]));
  };
  await withBackends([handler, handler], async ({ fetch, source }) => {
    const init = {
      method: "POST",
      body: "x",
      headers: { authorization: "mine", "content-type": "a/b" },
    };
    assertEquals(await (await fetch("http://app/303", init)).json(), ["GET", "/end", null, "mine"]);
    assertEquals((await fetch("http://app/304")).status, 304);
    const none = await fetch("http://app/none");
    assertEquals([none.status, await none.text()], [302, "stay"]);
    const user = await fetch("http://app/user").catch((error) => error);
    assert(user instanceof Error || user.ok, `${user}`);
    if (!(user instanceof Error)) await user.text();
    assertEquals(failures({ source }), [0, 0]);
  });
});
