import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Inspection } from "../../src/client/inspect.ts";
import { EventLog } from "../../src/http/events/event_log.ts";
import { InstanceReader } from "../../src/http/page/instance_reader.ts";
import { ManualClock } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { endpoint, FakeClient } from "./fake_client.ts";

interface Stage {
  readonly client: FakeClient;
  readonly clock: ManualClock;
  readonly reader: InstanceReader;
  /** How often the registry was read. */
  count(): number;
}

function stage(mode: "live" | "on-demand" = "live"): Stage {
  const clock = new ManualClock();
  const client = new FakeClient(mode).set("app", [endpoint("app", 1)]).set("db", []);
  const inspect = client.inspect.bind(client);
  let reads = 0;
  client.inspect = (name) => {
    reads++;
    return inspect(name);
  };
  const log = new EventLog(client, () => clock.now());
  const reader = new InstanceReader(client, log, clock);
  return { client, clock, reader, count: () => reads };
}

test("InstanceReader.read() reads once for everybody who looks within a second", async () => {
  const { reader, clock, count } = stage();
  await Promise.all([reader.read("app"), reader.read("app"), reader.read("app")]);
  await reader.read("app");
  assertEquals(count(), 1);
  await reader.read("db");
  assertEquals(count(), 2);
  await clock.advance(1_000);
  await reader.read("app");
  assertEquals(count(), 3);
});

test("InstanceReader.read() reads again after a change of that service", async () => {
  const { reader, client, count } = stage();
  await reader.read("app");
  client.set("db", [endpoint("db", 1)]);
  await reader.read("app");
  assertEquals(count(), 1);
  client.set("app", [endpoint("app", 2)]);
  const { instances } = await reader.read("app");
  assertEquals([count(), instances[0]!.endpoint.id], [2, "app-2"]);
});

test("InstanceReader.read() shares nothing between requests on demand", async () => {
  const { reader, count } = stage("on-demand");
  await Promise.all([reader.read("app"), reader.read("app")]);
  assertEquals(count(), 2);
});

test("InstanceReader.read() waits two seconds at most, and uses a late answer for the next", async () => {
  const { reader, client, clock } = stage();
  let answer: (inspection: Inspection) => void = () => {};
  client.inspect = () => new Promise((resolve) => answer = resolve);
  const reading = reader.read("app");
  await clock.advance(2_000);
  // The deadline is extended once when it is noticed late.
  await clock.advance(2_000);
  const { instances, failures } = await reading;
  assertEquals(instances, []);
  assertStringIncludes(failures.join(), "no response within 2 s");
  answer({ instances: [], errors: [] });
});

test("InstanceReader.read() tells why, whatever is thrown", async () => {
  const { reader, client } = stage();
  client.inspect = () => Promise.reject(new Error("the token is wrong"));
  assertEquals(await reader.read("app"), { instances: [], failures: ["the token is wrong"] });
});
