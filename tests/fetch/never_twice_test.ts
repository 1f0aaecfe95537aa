/** A request that must not repeat reaches at most one endpoint's handler, over real sockets. */
import { assert, assertEquals } from "@std/assert";
import { createFetch } from "../../src/client/create_fetch.ts";
import { endpoint } from "../support/endpoints.ts";
import { test } from "../support/test.ts";
import { closedPort, cutting, type SocketHandler, withBackends } from "./sockets.ts";
import { PoolSource } from "./support.ts";

const BODIES: Record<string, () => RequestInit> = {
  none: () => ({}),
  text: () => ({ body: "text" }),
  bytes: () => ({ body: new Uint8Array(70_000) }),
  form: () => {
    const form = new FormData();
    form.set("file", new Blob(["content"]), "name.txt");
    return { body: form };
  },
  stream: () => ({
    body: new Blob(["streamed"]).stream(),
    duplex: "half",
  } as RequestInit),
};

for (const status of [301, 302, 303, 307, 308]) {
  test(`createFetch() processes a POST once whose ${status} leads to a server that is gone`, async () => {
    const gone = await closedPort();
    const redirecting: SocketHandler = (_, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${gone}/` }).end();
    };
    for (const [name, body] of Object.entries(BODIES)) {
      for (const method of ["POST", "PATCH"]) {
        await withBackends([redirecting, redirecting, redirecting], async (world) => {
          const result = await world.fetch("http://app/orders", { method, ...body() }).catch((e) =>
            e
          );
          assert(result instanceof Error, name);
          assertEquals(world.received.flat().length, 1, `${method} ${name}`);
          assertEquals(world.source.pool.status().endpoints.map((e) => e.consecutiveFailureCount), [
            0,
            0,
            0,
          ]);
        });
      }
    }
  });
}

test("createFetch() sends a POST once whose connection breaks after any byte of the response", async () => {
  for (let bytes = 0; bytes < 40; bytes += 3) {
    const received: string[] = [];
    const servers = await Promise.all([0, 1, 2].map(() => cutting(bytes, received)));
    const source = new PoolSource({ balancer: "round-robin" });
    source.update(servers.map(({ port }, i) => endpoint(`s${i}`, { address: "127.0.0.1", port })));
    const fetch = createFetch(source, { backoffBaseMs: 1, backoffMaxMs: 1 });
    await fetch("http://app/cut", { method: "POST", body: "once" }).then((r) => r.text()).catch(
      () => {},
    );
    assertEquals(new Set(received).size, 1);
    assert(received.length >= 1 && received.length <= 2, `${bytes}: ${received}`);
    source.closing.abort(new Error("closed"));
    await Promise.all(servers.map((server) => server.stop()));
  }
});

test("createFetch() sends a POST to one endpoint only when a kept connection breaks and its server is gone", async () => {
  for (const body of ["once", undefined]) {
    // Answers a first request, and ends with its connection and all of itself at the second.
    const dying: SocketHandler = (request, response, count) => {
      if (count === 1) return void response.end("ok");
      servers[0]!.close();
      request.socket.destroy();
    };
    let servers: readonly { close(): unknown }[] = [];
    await withBackends([dying, (_, response) => void response.end("ok")], async (world) => {
      servers = world.servers;
      const only = world.source.pool.endpoints;
      world.source.update([only[0]!]);
      assertEquals(await (await world.fetch("http://app/warm")).text(), "ok");
      world.source.update(only);
      for (let i = 0; i < 4; i++) {
        const url = `http://app/pay/${i}`;
        await world.fetch(url, { method: "POST", body: body ?? null }).then((r) => r.text())
          .catch(() => {});
        const reached = world.received.filter((all) => all.includes(`POST /pay/${i}`));
        assert(reached.length <= 1, `reached ${JSON.stringify(world.received)}`);
      }
      assert(world.received[0]!.some((one) => one.startsWith("POST /pay")));
    });
  }
});

test("createFetch() sends a POST to one endpoint only when that is gone at the second hop of a redirect", async () => {
  let servers: readonly { close(): unknown }[] = [];
  const leaving: SocketHandler = (_, response) => {
    servers[0]!.close();
    response.writeHead(307, { location: "/next", connection: "close" }).end();
  };
  await withBackends([leaving, (_, response) => void response.end("ok")], async (world) => {
    servers = world.servers;
    const result = await world.fetch("http://app/pay", { method: "POST", body: "once" })
      .catch((error) => error);
    assert(result instanceof Error, `${result.status}`);
    assertEquals(world.received, [["POST /pay"], []]);
  });
});

test("createFetch() follows redirects as the platform does", async () => {
  const handler: SocketHandler = (request, response) => {
    const to = /^\/(30\d)/.exec(request.url!)?.[1];
    if (to !== undefined) return void response.writeHead(Number(to), { location: "/end#x" }).end();
    const { authorization, cookie, "content-type": type } = request.headers;
    response.end(JSON.stringify({ method: request.method, authorization, cookie, type }));
  };
  await withBackends([handler], async ({ fetch, ports }) => {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const method of ["GET", "POST", "PUT"]) {
        const init = {
          method,
          headers: { authorization: "secret", cookie: "a=1", "content-type": "text/plain" },
          ...(method === "GET" ? {} : { body: "x" }),
        };
        const bare = await globalThis.fetch(`http://127.0.0.1:${ports[0]}/${status}`, init);
        const ours = await fetch(`http://app/${status}`, init);
        assertEquals(
          [ours.status, ours.redirected, ours.url],
          [200, true, bare.url],
          `${status} ${method}`,
        );
        assertEquals(await ours.json(), await bare.json(), `${status} ${method}`);
      }
    }
  });
});

test("createFetch() sends no credentials where a backend redirects to another origin, and keeps them within the service", async () => {
  let target = "";
  const seen: Record<string, string | undefined>[] = [];
  const handler: SocketHandler = ({ url, headers }, response) => {
    if (url === "/start") return void response.writeHead(307, { location: target }).end();
    seen.push({ authorization: headers.authorization, cookie: headers.cookie });
    response.end("ok");
  };
  await withBackends([handler], async ({ fetch }) => {
    await withBackends([handler], async ({ ports }) => {
      const headers = { authorization: "secret", cookie: "a=1" };
      target = `http://127.0.0.1:${ports[0]}/elsewhere`;
      await (await fetch("http://app/start", { headers })).text();
      target = "http://app/again";
      await (await fetch("http://app/start", { headers })).text();
      assertEquals(seen, [{ authorization: undefined, cookie: undefined }, headers]);
    });
  });
});

test("createFetch() with unknownHosts: reject follows no redirect to an unknown host", async () => {
  const handler: SocketHandler = (_, response) => {
    response.writeHead(302, { location: "http://127.0.0.1:9/" }).end();
  };
  await withBackends([handler], async ({ fetch, received }) => {
    const error = await fetch("http://app/").catch((error) => error);
    assertEquals([error.code, received[0]!.length], ["UNKNOWN_SERVICE", 1]);
  }, { unknownHosts: "reject" });
});

test("createFetch() ends redirects in a circle, and those that are not allowed, without blame", async () => {
  const handler: SocketHandler = (_, response) => {
    response.writeHead(302, { location: "/again" }).end();
  };
  await withBackends([handler], async ({ fetch, source, received }) => {
    const circle = await fetch("http://app/").catch((error) => error);
    assert(circle instanceof TypeError && /20 were followed/.test(circle.message), `${circle}`);
    assertEquals(received[0]!.length, 21);
    const forbidden = await fetch("http://app/", { redirect: "error" }).catch((error) => error);
    assert(forbidden instanceof TypeError, `${forbidden}`);
    assert(/redirect is "error"/.test(forbidden.message), `${forbidden}`);
    assertEquals(received[0]!.length, 22);
    assertEquals(source.pool.status().endpoints[0]!.consecutiveFailureCount, 0);
    assertEquals(source.pool.pendingCount, 0);
  });
});
