/**
 * The contract of every source, independent of its registry.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { EndpointStatus } from "../../src/endpoint.ts";
import { PilotedError } from "../../src/errors.ts";
import type { Query, ReadOptions, Source } from "../../src/source/source.ts";
import { test, type TestOptions } from "../support/test.ts";

/** An instance that the suite registers. */
export interface Instance {
  id: string;
  address?: string;
  port?: number;
  tags?: readonly string[];
  meta?: Readonly<Record<string, string>>;
  status?: EndpointStatus;
}

/** A source and the registry behind it. */
export interface SourceStage {
  readonly source: Source;
  /** Whether it supports positions and blocking queries. */
  readonly blocking: boolean;
  /** Whether its registry has a summary of all services. */
  readonly summarizes: boolean;
  /** Whether it gives instances in maintenance mode. @default {true} */
  readonly listsMaintenance?: boolean;
  /** Makes the registry ready for a service of that name, where it has to be. */
  prepare?(service: string): Promise<unknown>;
  /** Adds an instance, or replaces the one of the same id. */
  register(service: string, instance: Instance): Promise<void>;
  deregister(service: string, id: string): Promise<void>;
  close(): Promise<void>;
}

/** Only the leader's response is sure to contain a write at once. */
const now: ReadOptions = { consistency: "consistent" };

// Tests may share a registry, so each has its own service names.
let counter = 0;

/** Registers the contract as tests of one source. */
export function sourceContract(
  name: string,
  createStage: () => Promise<SourceStage>,
  options: TestOptions = {},
): void {
  function sourceTest(
    what: string,
    run: (stage: SourceStage, service: string) => Promise<void>,
  ): void {
    test(`${name} ${what}`, options, async () => {
      const stage = await createStage();
      try {
        const service = `contract-${++counter}`;
        await stage.prepare?.(service);
        await run(stage, service);
      } finally {
        await stage.close();
      }
    });
  }

  async function ids(stage: SourceStage, query: Query): Promise<string[]> {
    const { endpoints } = await stage.source.read(query, now);
    return endpoints.map(({ id }) => id).sort();
  }

  sourceTest("has a short name", ({ source }) => {
    assertMatch(source.name, /^[a-z]+$/);
    return Promise.resolve();
  });

  sourceTest("gives all that is known of an instance", async ({ source, register }, service) => {
    await register(service, {
      id: "a-1",
      address: "10.0.0.1",
      port: 8080,
      tags: ["primary", "v2"],
      meta: { version: "2.1.0" },
    });
    const { endpoints, skipped } = await source.read({ service }, now);
    assertEquals([endpoints.length, skipped.length], [1, 0]);
    const { node, datacenter, ...endpoint } = endpoints[0]!;
    assertEquals(endpoint, {
      service,
      id: "a-1",
      address: "10.0.0.1",
      port: 8080,
      host: "10.0.0.1:8080",
      ports: {},
      tags: ["primary", "v2"],
      meta: { version: "2.1.0" },
      weight: 1,
      status: "passing",
      zone: "",
    });
    assertEquals([typeof node, typeof datacenter], ["string", "string"]);
    for (const part of [endpoints[0], endpoint.tags, endpoint.meta]) assert(Object.isFrozen(part));
  });

  sourceTest("gives an empty list for a service that it does not know", async (stage, service) => {
    assertEquals(await ids(stage, { service }), []);
  });

  sourceTest("gives every instance, in the same order each time", async (stage, service) => {
    for (const id of ["c", "a", "b"]) await stage.register(service, { id, port: 80 });
    assertEquals(await ids(stage, { service }), ["a", "b", "c"]);
    const first = await stage.source.read({ service }, now);
    const second = await stage.source.read({ service }, now);
    assertEquals(first.endpoints, second.endpoints);
  });

  sourceTest("shows what came, changed and went", async (stage, service) => {
    await stage.register(service, { id: "a", port: 80 });
    await stage.register(service, { id: "b", port: 80 });
    await stage.register(service, { id: "b", port: 81 });
    const { endpoints } = await stage.source.read({ service }, now);
    assertEquals(endpoints.map(({ port }) => port).sort(), [80, 81]);
    await stage.deregister(service, "a");
    assertEquals(await ids(stage, { service }), ["b"]);
  });

  sourceTest("gives only instances with the tag that is asked for", async (stage, service) => {
    await stage.register(service, { id: "a", port: 80, tags: ["blue", "new"] });
    await stage.register(service, { id: "b", port: 80, tags: ["green"] });
    await stage.register(service, { id: "c", port: 80 });
    assertEquals(await ids(stage, { service, tag: "new" }), ["a"]);
    assertEquals(await ids(stage, { service, tag: "red" }), []);
    assertEquals(await ids(stage, { service, tag: "" }), ["a", "b", "c"]);
  });

  for (const status of ["passing", "warning", "critical", "maintenance"] as const) {
    sourceTest(`gives an instance that is ${status}, and says so`, async (stage, service) => {
      if (status === "maintenance" && stage.listsMaintenance === false) return;
      await stage.register(service, { id: "a", port: 80, status });
      const { endpoints } = await stage.source.read({ service }, now);
      assertEquals(endpoints.map((endpoint) => endpoint.status), [status]);
    });
  }

  sourceTest("puts an IPv6 address in brackets where it is a host", async (stage, service) => {
    await stage.register(service, { id: "a", port: 80, address: "2001:db8::1" });
    const { endpoints } = await stage.source.read({ service }, now);
    assertEquals(endpoints.map(({ address, host }) => `${address} ${host}`), [
      "2001:db8::1 [2001:db8::1]:80",
    ]);
  });

  sourceTest(
    "leaves out and reports what has no port or a wrong address",
    async (stage, service) => {
      await stage.register(service, { id: "a", port: 0 });
      await stage.register(service, { id: "b", port: 80, address: "10.0.0.1/x" });
      await stage.register(service, { id: "c", port: 80 });
      const { endpoints, skipped } = await stage.source.read({ service }, now);
      assertEquals(endpoints.map(({ id }) => id), ["c"]);
      assertEquals(skipped.map(({ code, service }) => `${code} ${service}`), [
        `ENDPOINT_INVALID ${service}`,
        `ENDPOINT_INVALID ${service}`,
      ]);
    },
  );

  const names = [
    "/",
    "../../agent/self",
    "a/../../../status/leader",
    "%00",
    "\0",
    "a b",
    "ü",
    "..",
  ];
  for (const odd of [...names, "?dc=x", "\ud800", ""]) {
    sourceTest(`never takes ${JSON.stringify(odd)} for another name`, async (stage, service) => {
      await stage.register(service, { id: "a", port: 80 });
      for (const asked of [odd, `${service}${odd}`, `${odd}${service}`]) {
        if (asked === service) continue;
        const answer = await stage.source.read({ service: asked }, now).catch((error) => error);
        if (answer instanceof PilotedError) assertMatch(answer.code, /^(CONFIG|REGISTRY)_/);
        else assertEquals(answer.endpoints, []);
      }
    });
  }

  sourceTest("rejects with the own reason of a signal that has aborted", async (stage, service) => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    const answer = await stage.source.read({ service }, { signal }).catch((error) => error);
    assert(answer === reason);
  });

  sourceTest("says which index its answer has", async (stage, service) => {
    const { position: index } = await stage.source.read({ service }, now);
    if (stage.blocking) assert(BigInt(index!) >= 1n);
    else assertEquals(index, undefined);
  });

  sourceTest("holds a question with an index until something changes", async (stage, service) => {
    if (!stage.blocking) return;
    await stage.register(service, { id: "a", port: 80 });
    const { position: index } = await stage.source.read({ service }, now);
    const held = stage.source.read({ service }, { position: index, waitMs: 20_000 });
    await stage.register(service, { id: "b", port: 80 });
    const answer = await held;
    assertEquals(answer.endpoints.length, 2);
    assert(BigInt(answer.position!) > BigInt(index!));
  });

  sourceTest(
    "answers a held question without a change when its time is over",
    async (stage, service) => {
      if (!stage.blocking) return;
      await stage.register(service, { id: "a", port: 80 });
      const { position: index } = await stage.source.read({ service }, now);
      const answer = await stage.source.read({ service }, { position: index, waitMs: 50 });
      assertEquals([answer.position, answer.endpoints.length], [index, 1]);
    },
  );

  sourceTest("ends a held question with the signal's own reason", async (stage, service) => {
    if (!stage.blocking) return;
    const { position: index } = await stage.source.read({ service }, now);
    const abort = new AbortController();
    const reason = new Error("enough");
    const options = { position: index, waitMs: 20_000, signal: abort.signal };
    const held = stage.source.read({ service }, options).catch((error) => error);
    setTimeout(() => abort.abort(reason), 20);
    assert(await held === reason);
  });

  sourceTest(
    "summarizes so that every change of health or number shows",
    async (stage, service) => {
      if (!stage.summarizes) return;
      const fingerprint = async () => {
        const { services, position: index } = await stage.source.summarize!();
        assert(BigInt(index!) >= 1n);
        return services.get(service);
      };
      assertEquals(await fingerprint(), undefined);
      const seen = [];
      await stage.register(service, { id: "a", port: 80 });
      seen.push(await fingerprint());
      await stage.register(service, { id: "b", port: 80 });
      seen.push(await fingerprint());
      await stage.register(service, { id: "b", port: 80, status: "critical" });
      seen.push(await fingerprint());
      assertEquals(new Set(seen).size, 3);
      assert(!seen.includes(undefined));
    },
  );
}
