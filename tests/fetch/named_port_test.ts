import { assertEquals } from "@std/assert";
import { isPilotedError } from "../../src/any_piloted_error.ts";
import { createFetch } from "../../src/client/create_fetch.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import { parseNamedPort } from "../../src/fetch/named_port.ts";
import { StaticSource } from "../../src/source/static.ts";
import { test } from "../support/test.ts";

test("parseNamedPort() reads a port and a service from a host", () => {
  assertEquals(parseNamedPort("_grpc.customers"), { port: "grpc", service: "customers" });
  assertEquals(parseNamedPort("_grpc.a.b"), { port: "grpc", service: "a.b" });
  for (const host of ["customers", "grpc.customers", "_.customers", "_grpc.", "_grpc", ""]) {
    assertEquals(parseNamedPort(host), undefined);
  }
});

const source = new StaticSource({
  customers: [
    { id: "a", address: "10.0.0.1", port: 80, ports: { http: 80, gRPC: 90 } },
    { id: "b", address: "10.0.0.2", port: 80, ports: { http: 80 } },
    { id: "c", address: "10.0.0.3", port: 80, ports: { http: 80, gRPC: 91 } },
  ],
});

async function calling(
  send: Fetch,
  run: (fetch: Fetch) => Promise<void>,
  mode: "live" | "on-demand" = "live",
): Promise<void> {
  await using piloted = await createPiloted({
    config: { consul: "c:1", watches: [{ name: "customers" }] },
    balancer: "round-robin",
    rotationStart: "first",
    signals: false,
    mode,
    source,
  });
  await run(createFetch(piloted, { fetch: send }));
}

for (const mode of ["live", "on-demand"] as const) {
  test(`createFetch() sends http://_grpc.customers/ to that port, mode ${mode}`, () => {
    const sent: string[] = [];
    const send: Fetch = (input) => {
      sent.push(String(input));
      return Promise.resolve(new Response());
    };
    return calling(send, async (fetch) => {
      for (let i = 0; i < 3; i++) await fetch("http://_grpc.customers/a?b");
      await fetch(new URL("http://_GRPC.Customers/"));
      await fetch("http://_http.customers/");
      assertEquals(sent.slice(0, 4), [
        "http://10.0.0.1:90/a?b",
        "http://10.0.0.3:91/a?b",
        "http://10.0.0.1:90/a?b",
        "http://10.0.0.3:91/",
      ]);
      assertEquals(new URL(sent[4]!).port, "");
    }, mode);
  });
}

test("createFetch() tries another instance that has the port", () => {
  const sent: string[] = [];
  const send: Fetch = (input) => {
    sent.push(String(input));
    return Promise.resolve(new Response(null, { status: sent.length === 1 ? 503 : 200 }));
  };
  return calling(send, async (fetch) => {
    assertEquals((await fetch("http://_grpc.customers/")).status, 200);
    assertEquals(sent, ["http://10.0.0.1:90/", "http://10.0.0.3:91/"]);
  });
});

test("createFetch() names the ports that there are", () =>
  calling(() => Promise.resolve(new Response()), async (fetch) => {
    const error = await fetch("http://_admin.customers/").catch((error) => error);
    assertEquals(isPilotedError(error) && error.code, "NO_ENDPOINTS");
    assertEquals(
      error.message,
      'Cannot pick an endpoint of "customers": no instance has a port "admin"; ' +
        'its ports are "http", "gRPC"',
    );
  }));
