import { assertEquals, assertThrows } from "@std/assert";
import { type LookupClient, routes, service } from "../../src/http/mod.ts";
import { test } from "../support/test.ts";
import { FakeClient } from "./fake_client.ts";

/** Every way to give options, mistyped ones included. */
type Create = (client: unknown, options?: unknown) => unknown;

const CALLS = [["routes()", routes as Create], ["service()", service as Create]] as const;

for (const [name, create] of CALLS) {
  test(`${name} refuses unknown and mistyped options, and suggests the right one`, () => {
    const client = new FakeClient();
    const cases: [unknown, string][] = [
      [{ hartbeatMs: 5 }, "Did you mean heartbeatMs?"],
      [{ fetchTally: {} }, `Cannot use option fetchTally of ${name}`],
      [{ heartbeatMs: "5" }, "heartbeatMs"],
      [{ onError: "log" }, "onError"],
      [{ readyWithout: "app" }, "readyWithout"],
      [{ readyWithout: [""] }, 'received [""]'],
      [{ readyWithout: [5] }, "received [5]"],
      [{ clock: 5 }, "clock"],
      [{ signal: true }, "signal"],
      [null, "must be an object"],
    ];
    for (const [options, text] of cases) {
      assertThrows(() => create(client, options), TypeError, text);
    }
    for (const heartbeatMs of [0, -1]) {
      assertThrows(() => create(client, { heartbeatMs }), RangeError, "heartbeatMs");
    }
    create(client, { heartbeatMs: undefined, signal: undefined, onError: undefined });
  });

  test(`${name} says what to do when it is given something else than a client`, () => {
    assertThrows(() => create(Promise.resolve(new FakeClient())), TypeError, "write await");
    for (const other of [undefined, null, {}, "piloted"]) {
      assertThrows(() => create(other), TypeError, "what createPiloted() returns");
    }
  });
}

test("service() refuses mistyped options of its own", () => {
  const create = service as (client: LookupClient, options: unknown) => unknown;
  const client = new FakeClient();
  for (const cors of ["https://a.example", [5], {}]) {
    assertThrows(() => create(client, { cors }), TypeError, "cors");
  }
  assertThrows(() => create(client, { accesslog: () => {} }), TypeError, "accessLog?");
  assertThrows(() => create(client, { token: 5 }), TypeError, "token");
  assertThrows(() => routes(client, { token: "x" } as never), TypeError, "token of routes()");
  assertEquals(typeof create(client, { token: undefined, cors: undefined }), "object");
});
