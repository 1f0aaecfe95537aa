import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { service } from "../../src/http/mod.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { assertProblem } from "./assert_problem.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

const HOURS = 60 * 60 * 1_000;

function protectedApp(clock: ManualClock, token: string | (() => string) = "right") {
  const app = service(new FakeClient().set("app", [endpoint("app", 1)]), { token, clock });
  const from = (address: string) => ({ remoteAddr: { hostname: address } });
  return {
    app,
    bearer: (given: string, address = "10.0.0.1") => {
      const headers = { authorization: `Bearer ${given}` };
      return app.request("/v1/services", { headers }, from(address));
    },
    login: (given: string, address = "10.0.0.1") => {
      const body = new URLSearchParams({ token: given });
      return app.request("/login", { method: "POST", body }, from(address));
    },
  };
}

/** How many of them were answered. */
function counting(pending: readonly (Response | Promise<Response>)[]): () => number {
  let count = 0;
  for (const each of pending) void Promise.resolve(each).then(() => count++);
  return () => count;
}

test("wrong tokens of an address are answered one per second after the first five", async () => {
  const clock = new ManualClock();
  const { bearer } = protectedApp(clock);
  const count = counting(Array.from({ length: 20 }, (_, number) => bearer(`wrong-${number}`)));
  await waitUntil(() => clock.pending === 15 && count() === 5);
  await clock.advance(1_000);
  await waitUntil(() => count() === 6);
  await clock.advance(5_000);
  await waitUntil(() => count() === 11);
  // Nobody waits longer than half a minute.
  const more = counting(Array.from({ length: 100 }, () => bearer("wrong")));
  await waitUntil(() => clock.pending === 9 + 100);
  assertEquals([count(), more()], [11, 0]);
  await clock.advance(30_000);
  await waitUntil(() => count() === 20 && more() === 100);
  assertEquals(clock.pending, 0);
});

test("wrong tokens in the sign-in form count like others", async () => {
  const clock = new ManualClock();
  const { bearer, login } = protectedApp(clock);
  for (let i = 0; i < 5; i++) assertEquals((await login("wrong")).status, 401);
  const count = counting([bearer("wrong")]);
  await waitUntil(() => clock.pending === 1);
  assertEquals(count(), 0);
  await clock.advance(1_000);
  await waitUntil(() => count() === 1);
});

test("the right token is accepted at once, whatever its address did before, and so are others", async () => {
  const clock = new ManualClock();
  const { bearer, login } = protectedApp(clock);
  const pending = counting(Array.from({ length: 50 }, () => bearer("wrong")));
  assertEquals((await bearer("right")).status, 200);
  assertEquals((await login("right")).status, 303);
  await assertProblem(await bearer("wrong", "10.0.0.2"), 401);
  // Addresses of one IPv6 network count as one.
  const network = counting(
    Array.from({ length: 50 }, (_, number) => bearer("wrong", `2001:db8::${number.toString(16)}`)),
  );
  await waitUntil(() => clock.pending === 90);
  assertEquals([pending(), network()], [5, 5]);
  await clock.advance(30_000);
});

test("a guess is forgotten with time, and requests without a token are none", async () => {
  const clock = new ManualClock();
  const { app, bearer } = protectedApp(clock);
  for (let i = 0; i < 5; i++) await bearer("wrong");
  await clock.advance(5_000);
  for (let i = 0; i < 5; i++) await bearer("wrong");
  for (let i = 0; i < 50; i++) await assertProblem(await app.request("/v1/services"), 401);
  assertEquals(clock.pending, 0);
});

test("sessions differ per sign-in and end after twelve hours, or with another token", async () => {
  const clock = new ManualClock();
  let token = "first";
  const { app, bearer, login } = protectedApp(clock, () => token);
  const cookies: string[] = [];
  for (let i = 0; i < 2; i++) {
    cookies.push((await login("first")).headers.get("set-cookie")!.split(";")[0]!);
  }
  assertNotEquals(cookies[0], cookies[1]);
  const ask = async (cookie: string) =>
    (await app.request("/v1/services", { headers: { cookie } })).status;
  for (const cookie of cookies) assertEquals(await ask(cookie), 200);
  await clock.advance(12 * HOURS - 1);
  assertEquals(await ask(cookies[0]!), 200);
  await clock.advance(1);
  assertEquals(await ask(cookies[0]!), 401);
  // A later end needs another signature.
  const later = cookies[0]!.replace(/\.(\d+)\./, (_, end) => `.${Number(end) + HOURS}.`);
  assertNotEquals(later, cookies[0]);
  assertEquals(await ask(later), 401);

  const session = (await login("first")).headers.get("set-cookie")!.split(";")[0]!;
  assertEquals(await ask(session), 200);
  token = "second";
  assertEquals([await ask(session), (await bearer("first")).status], [401, 401]);
  assertEquals((await bearer("second")).status, 200);
});

test("a token that cannot be had opens no door", async () => {
  for (const broken of ["", undefined as unknown as string]) {
    const clock = new ManualClock();
    const { app, bearer, login } = protectedApp(clock, () => broken);
    assertEquals((await bearer("undefined")).status, 500);
    assertEquals((await login("")).status, 500);
    assert((await app.request("/v1/services")).status >= 400);
  }
  const client = new FakeClient();
  for (const token of ["", null as never, 1 as never, {} as never]) {
    assertThrows(() => service(client, { token }), TypeError, "Cannot use option token");
  }
});

test("a sign-in form that never arrives is a 408", async () => {
  const clock = new ManualClock();
  const { app } = protectedApp(clock);
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("token=")),
  });
  const init = { method: "POST", body, duplex: "half" } as RequestInit;
  const pending = Promise.resolve(app.request(new Request("http://localhost/login", init)));
  const count = counting([pending]);
  await waitUntil(() => clock.pending === 1);
  await clock.advance(9_999);
  assertEquals(count(), 0);
  await clock.advance(1);
  await assertProblem(await pending, 408);
});
