/**
 * What every client must do, in whatever mode: what the routes rely on.
 */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { Piloted } from "../../src/client/piloted.ts";
import type { PilotedEvents } from "../../src/client/events.ts";
import type { Endpoint, EndpointStatus } from "../../src/endpoint.ts";
import { PilotedError, type PilotedErrorCode } from "../../src/errors.ts";
import type { LookupClient } from "../../src/http/lookup_client.ts";
import { test } from "../support/test.ts";

/** An instance as the suite scripts it; its address is `10.0.0.<number>`. */
export interface ScriptedInstance {
  readonly number: number;
  /** @default {"passing"} */
  readonly status?: EndpointStatus;
}

/** Instances by service. */
export type ClientScript = Readonly<Record<string, readonly ScriptedInstance[]>>;

/** A client and the registry behind it. */
export interface ClientStage {
  readonly client: LookupClient & Pick<Piloted, "close">;
  /** Sets the instances of a service in the registry; the next refresh reads them. */
  set(service: string, instances: readonly ScriptedInstance[]): void | Promise<void>;
  /** Takes the registry away, or brings it back. */
  setOutage(outage: boolean): void | Promise<void>;
  /** Frees everything; the client may be closed already. */
  close(): Promise<void>;
}

const SCRIPT: ClientScript = {
  customers: [{ number: 1 }, { number: 2 }, { number: 3 }],
  orders: [{ number: 4 }, { number: 5, status: "critical" }],
  broken: [{ number: 6, status: "critical" }, { number: 7, status: "critical" }],
  missing: [],
};

/**
 * Registers the suite for one client.
 *
 * @param name Name of the client, for the tests.
 * @param createStage Creates a client that watches the services of the script, in their order.
 */
export function clientContract(
  name: string,
  createStage: (script: ClientScript) => Promise<ClientStage>,
): void {
  function clientTest(behaviour: string, run: (stage: ClientStage) => Promise<void>): void {
    test(`${name}: ${behaviour}`, async () => {
      const stage = await createStage(SCRIPT);
      try {
        // On-demand clients read a list only when it is needed.
        await Promise.all(stage.client.services.map((service) => stage.client.load(service)));
        await run(stage);
      } finally {
        await stage.close();
      }
    });
  }

  /** Collects the events of one type. */
  function record<T extends keyof PilotedEvents>(
    client: LookupClient,
    type: T,
    options: { signal?: AbortSignal } = {},
  ): PilotedEvents[T][] {
    const events: PilotedEvents[T][] = [];
    client.on(type, (event) => void events.push(event), options);
    return events;
  }

  clientTest("services lists the configured names in order", ({ client }) => {
    assertEquals(client.services, Object.keys(SCRIPT));
    assert(client.mode === "live" || client.mode === "on-demand");
    assertEquals(client.refreshing, false);
    return Promise.resolve();
  });

  clientTest("pick() and service() share one rotation over serviceHosts()", async ({ client }) => {
    const hosts = client.serviceHosts("customers");
    assertEquals(hosts.length, 3);
    const picked: Endpoint[] = [];
    for (let i = 0; i < 3; i++) {
      picked.push(client.pick("customers"), await client.service("customers"));
    }
    for (const host of hosts) {
      assertEquals(picked.filter((each) => each === host).length, 2, host.host);
    }
    for (let i = 1; i < picked.length; i++) assert(picked[i] !== picked[i - 1]);
  });

  clientTest("serviceHosts() is frozen and the same list until it changes", async (stage) => {
    const { client } = stage;
    const before = client.serviceHosts("customers");
    assert(Object.isFrozen(before));
    await client.refresh();
    assertEquals(client.serviceHosts("customers") === before, true);
    await stage.set("customers", [{ number: 1 }, { number: 2 }]);
    await client.refresh();
    assertEquals(addresses(client, "customers"), ["10.0.0.1", "10.0.0.2"]);
    assertEquals(before.length, 3);
  });

  clientTest("only healthy instances are picked", ({ client }) => {
    assertEquals(addresses(client, "orders"), ["10.0.0.4"]);
    for (let i = 0; i < 3; i++) assertEquals(client.pick("orders").address, "10.0.0.4");
    return Promise.resolve();
  });

  clientTest("inspect() reads every instance, and the list stays as it is", async (stage) => {
    const { client } = stage;
    const hosts = client.serviceHosts("orders");
    const { instances, errors } = await client.inspect("orders");
    const found = instances.map(({ endpoint: { address, status } }) => `${address} ${status}`);
    assertEquals([found.sort(), errors], [["10.0.0.4 passing", "10.0.0.5 critical"], []]);
    assertEquals((await client.inspect("missing")).instances, []);
    assertEquals(client.serviceHosts("orders") === hosts, true);
    await stage.setOutage(true);
    const during = await client.inspect("orders");
    assertEquals([during.instances, during.errors.map(({ code }) => code)], [
      [],
      ["REGISTRY_UNREACHABLE"],
    ]);
    assertEquals(client.status("orders").state, "live", "a look is not a failure of the watch");
  });

  clientTest("an unknown name is UNKNOWN_SERVICE with the watched ones", async ({ client }) => {
    for (const call of callsOf(client, "custmers")) {
      const error = await rejection(call, "UNKNOWN_SERVICE");
      assertEquals(error.service, "custmers");
      assertEquals(error.services, Object.keys(SCRIPT));
      for (const service of Object.keys(SCRIPT)) assertStringIncludes(error.message, service);
      assertStringIncludes(error.message.toLowerCase(), "did you mean");
    }
    const other = await rejection(() => client.pick("zzzzzzzzzz"), "UNKNOWN_SERVICE");
    assertEquals(other.message.toLowerCase().includes("did you mean"), false);
  });

  clientTest("a service without endpoints is NO_ENDPOINTS with the cause", async ({ client }) => {
    for (const call of [() => client.pick("broken"), () => client.service("broken")]) {
      const error = await rejection(call, "NO_ENDPOINTS");
      assertEquals(error.service, "broken");
      assertEquals([error.instances?.listed, error.instances?.critical], [2, 2]);
      assertStringIncludes(error.message, "2 instances");
      assertStringIncludes(error.message, "critical");
    }
    const missing = await rejection(() => client.pick("missing"), "NO_ENDPOINTS");
    assertEquals(missing.instances?.listed, 0);
    assertEquals(/critical/.test(missing.message), false, missing.message);
    assertEquals(client.serviceHosts("missing"), []);
  });

  clientTest("status() shows the client and every service in order", ({ client }) => {
    const status = client.status();
    assertEquals([status.state, status.refreshing], ["ready", false]);
    assert("registry" in status);
    assertEquals(status.services.map(({ service }) => service), Object.keys(SCRIPT));
    return Promise.resolve();
  });

  clientTest("status(name) shows a service and its watches", ({ client }) => {
    for (const service of Object.keys(SCRIPT)) {
      const status = client.status(service);
      const keys = ["ageMs", "balance", "endpointCount", "failover", "reason", "service", "state"];
      for (const key of [...keys, "watches"]) assert(key in status, key);
      assertEquals([status.service, status.state, status.reason], [service, "live", undefined]);
      assertEquals(status.endpointCount, client.serviceHosts(service).length);
      assertEquals(typeof status.ageMs, "number");
      assertEquals(status.watches.length, 1);
      const [watch] = status.watches;
      assertEquals(watch!.endpointCount, status.endpointCount);
      assertEquals([watch!.failureCount, watch!.error], [0, undefined]);
      assertEquals(watch!.skippedReasons, []);
      const { listed, passing, critical } = watch!.instanceCounts;
      const scripted = SCRIPT[service]!;
      const count = (wanted: EndpointStatus) =>
        scripted.filter(({ status = "passing" }) => status === wanted).length;
      assertEquals([listed, passing, critical], [
        scripted.length,
        count("passing"),
        count("critical"),
      ]);
    }
    return Promise.resolve();
  });

  clientTest("load() resolves when the list can be used", async ({ client }) => {
    await client.load("customers");
    assertEquals(client.serviceHosts("customers").length, 3);
    assertEquals(client.load("customers"), undefined);
  });

  clientTest("a changed list is a change event, and picks follow it", async (stage) => {
    const { client } = stage;
    const changes = record(client, "change");
    await client.refresh();
    assertEquals(changes, []);
    await stage.set("customers", [{ number: 1 }, { number: 2 }, { number: 9 }]);
    await client.refresh();
    assertEquals(changes.length, 1);
    const { service, added, removed, changed, endpoints } = changes[0]!;
    assertEquals(service, "customers");
    assertEquals(added.map(({ address }) => address), ["10.0.0.9"]);
    assertEquals(removed.map(({ address }) => address), ["10.0.0.3"]);
    assertEquals(changed, []);
    assertEquals(endpoints === client.serviceHosts("customers"), true);
    assertEquals(client.status("customers").endpointCount, 3);
    const picked = new Set(Array.from({ length: 3 }, () => client.pick("customers").address));
    assertEquals([...picked].sort(), ["10.0.0.1", "10.0.0.2", "10.0.0.9"]);
  });

  clientTest("refresh() reads every service and ends with a refresh event", async (stage) => {
    const { client } = stage;
    const refreshes = record(client, "refresh");
    await stage.set("orders", [{ number: 4 }, { number: 8 }]);
    await client.refresh();
    assertEquals(addresses(client, "orders"), ["10.0.0.4", "10.0.0.8"]);
    assertEquals(refreshes.length, 1);
    assertEquals(refreshes[0]!.services, Object.keys(SCRIPT));
    assertEquals(refreshes[0]!.failed, []);
    assert(refreshes[0]!.durationMs >= 0);
  });

  clientTest("an outage keeps the lists, and is a status and an error event", async (stage) => {
    const { client } = stage;
    const statuses = record(client, "status");
    const errors = record(client, "error");
    const refreshes = record(client, "refresh");
    await stage.setOutage(true);
    await client.refresh();
    assertEquals(addresses(client, "customers").length, 3);
    assertEquals(refreshes[0]!.failed, Object.keys(SCRIPT));
    const status = statuses.find(({ service }) => service === "customers")!;
    assertEquals([status.state, status.endpointCount], ["stale", 3]);
    assertEquals(Object.keys(status).sort(), Object.keys(client.status("customers")).sort());
    assert(typeof status.reason === "string");
    assertEquals(client.status("customers").state, "stale");
    assertEquals(client.status("customers").watches[0]!.error?.code, "REGISTRY_UNREACHABLE");
    const error = errors.find(({ service }) => service === "customers")!;
    assertEquals(error.code, "REGISTRY_UNREACHABLE");

    await stage.setOutage(false);
    await client.refresh();
    assertEquals(client.status("customers").state, "live");
    const last = statuses.findLast(({ service }) => service === "customers")!;
    assertEquals([last.state, last.reason], ["live", undefined]);
  });

  clientTest("a listener ends with its remover and with its signal", async (stage) => {
    const { client } = stage;
    const controller = new AbortController();
    const untilAbort = record(client, "refresh", { signal: controller.signal });
    const all = record(client, "refresh");
    const untilRemoved: unknown[] = [];
    const remove = client.on("refresh", (event) => void untilRemoved.push(event));
    await client.refresh();
    controller.abort();
    remove();
    await client.refresh();
    assertEquals([untilAbort.length, untilRemoved.length, all.length], [1, 1, 2]);
    assertEquals(record(client, "refresh", { signal: controller.signal }), []);
    assertThrows(() => client.on("nothing" as "refresh", () => {}), TypeError, "nothing");
    assertThrows(() => client.on("refresh", 5 as unknown as () => void), TypeError, "number");
  });

  clientTest("a listener that throws is an error event, and harms no other", async ({ client }) => {
    const errors = record(client, "error");
    const bug = new Error("a bug");
    client.on("refresh", () => {
      throw bug;
    });
    const refreshes = record(client, "refresh");
    await client.refresh();
    assertEquals(refreshes.length, 1);
    assertEquals(errors.map(({ code, cause }) => [code, cause]), [["LISTENER_FAILED", bug]]);
  });

  clientTest("close() is idempotent, and then every call is CLOSED", async ({ client }) => {
    const changes = record(client, "change");
    await Promise.all([client.close(), client.close()]);
    await client.close();
    const calls = [...callsOf(client, "customers"), () => client.refresh()];
    for (const call of calls) await rejection(call, "CLOSED");
    assertEquals(client.status().state, "closed");
    assertEquals(changes, []);
  });
}

/** Every call that takes the name of a service. */
function callsOf(client: LookupClient, name: string): (() => unknown)[] {
  return [
    () => client.pick(name),
    () => client.service(name),
    () => client.serviceHosts(name),
    () => client.status(name),
    () => client.load(name),
    () => client.inspect(name),
  ];
}

/** The error that a call throws or rejects with. */
async function rejection(call: () => unknown, code: PilotedErrorCode): Promise<PilotedError> {
  const error = await assertRejects(async () => void await call(), PilotedError);
  assertEquals(error.code, code, `${call}: ${error.message}`);
  return error;
}

function addresses(client: LookupClient, service: string): string[] {
  return client.serviceHosts(service).map(({ address }) => address).sort();
}
