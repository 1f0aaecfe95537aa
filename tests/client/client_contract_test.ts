/** The client contract, run against clients of both modes and the HTTP room's fake client. */
import { createPiloted } from "../../src/client/create_piloted.ts";
import { PilotedError } from "../../src/errors.ts";
import type { Query, Reading, ReadOptions, Source } from "../../src/source/source.ts";
import { CONSUL_VERSIONS, type ConsulVersion, EmbeddedConsul } from "../../src/testing/mod.ts";
import { type StaticEndpoint, StaticSource } from "../../src/source/static.ts";
import {
  clientContract,
  type ClientScript,
  type ClientStage,
  type ScriptedInstance,
} from "../contracts/client_contract.ts";
import { endpoint, FakeClient } from "../http/fake_client.ts";

/** A source with scripted instances that can be out of reach. */
class ScriptSource implements Source {
  readonly name = "script";
  outage = false;
  readonly #services: Record<string, readonly StaticEndpoint[]> = {};
  readonly #source = new StaticSource(this.#services);

  constructor(script: ClientScript) {
    for (const [service, instances] of Object.entries(script)) this.set(service, instances);
  }

  set(service: string, instances: readonly ScriptedInstance[]): void {
    this.#services[service] = instances.map(({ number, status = "passing" }) => ({
      id: `${service}-${number}`,
      address: `10.0.0.${number}`,
      port: 8080,
      status,
    }));
  }

  read(query: Query, options?: ReadOptions): Promise<Reading> {
    if (!this.outage) return this.#source.read(query, options);
    const message = "Cannot read the service: connection refused";
    const facts = { service: query.service };
    return Promise.reject(new PilotedError("REGISTRY_UNREACHABLE", message, facts));
  }
}

async function createStage(
  mode: "live" | "on-demand",
  script: ClientScript,
): Promise<ClientStage> {
  const source = new ScriptSource(script);
  const watches = Object.keys(script).map((name) => ({ name, interval: 600 }));
  const config = { consul: "consul:8500", watches };
  const client = mode === "live"
    ? await createPiloted({ source, config, signals: false })
    : await createPiloted({ mode, source, config, ttlMs: 600_000 });
  return {
    client,
    set: (service, instances) => source.set(service, instances),
    setOutage: (outage) => void (source.outage = outage),
    close: () => client.close(),
  };
}

clientContract("live client", (script) => createStage("live", script));
clientContract("on-demand client", (script) => createStage("on-demand", script));

const refused = () => Promise.reject(new TypeError("connection refused"));

/** A client of an embedded Consul. */
async function createConsulStage(
  version: ConsulVersion,
  mode: "live" | "on-demand",
  script: ClientScript,
): Promise<ClientStage> {
  const consul = new EmbeddedConsul({ version });
  const ids = new Map<string, Set<string>>();
  const set = (service: string, instances: readonly ScriptedInstance[]) => {
    const old = ids.get(service) ?? new Set();
    ids.set(service, new Set(instances.map(({ number }) => `${service}-${number}`)));
    for (const { number, status = "passing" } of instances) {
      const id = `${service}-${number}`;
      const maintenance = status === "maintenance";
      const check = maintenance ? "passing" : status;
      const address = `10.0.0.${number}`;
      consul.register({ name: service, id, address, port: 8080, status: check });
      consul.maintenance(id, maintenance);
      old.delete(id);
    }
    for (const id of old) consul.deregister(id);
  };
  for (const [service, instances] of Object.entries(script)) set(service, instances);
  const watches = Object.keys(script).map((name) => ({ name, interval: 600 }));
  const config = { consul: "consul:8500", watches };
  const options = { config, fetch: consul.fetch, env: {} };
  const client = mode === "live"
    ? await createPiloted({ ...options, signals: false })
    : await createPiloted({ ...options, mode, ttlMs: 600_000 });
  let restore = () => {};
  return {
    client,
    set,
    setOutage(outage) {
      restore();
      restore = outage ? consul.inject(refused) : () => {};
    },
    async close() {
      await client.close();
      await consul.close();
    },
  };
}

for (const version of CONSUL_VERSIONS) {
  for (const mode of ["live", "on-demand"] as const) {
    clientContract(
      `${mode} client of Consul ${version}`,
      (script) => createConsulStage(version, mode, script),
    );
  }
}

for (const mode of ["live", "on-demand"] as const) {
  clientContract(`fake client (${mode})`, (script) => {
    const client = new FakeClient(mode);
    const set = (service: string, instances: readonly ScriptedInstance[]) =>
      void client.set(
        service,
        instances.map(({ number, status = "passing" }) => endpoint(service, number, { status })),
      );
    for (const [service, instances] of Object.entries(script)) set(service, instances);
    return Promise.resolve({
      client,
      set,
      setOutage: (outage) => client.setOutage(outage),
      close: () => client.close(),
    });
  });
}
