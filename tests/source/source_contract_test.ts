import { ConsulSource } from "../../src/source/consul.ts";
import { type StaticEndpoint, StaticSource } from "../../src/source/static.ts";
import { CONSUL_VERSIONS, EmbeddedConsul } from "../../src/testing/mod.ts";
import { createTransport } from "../../src/runtime/transport/transport.ts";
import { PilotedSource } from "../../src/source/piloted.ts";
import { startTier } from "../support/tier.ts";
import { waitUntil } from "../support/wait_until.ts";
import { type Instance, sourceContract, type SourceStage } from "../contracts/source_contract.ts";

type Registry = Pick<SourceStage, "blocking" | "summarizes" | "register" | "deregister">;

function embedded(consul: EmbeddedConsul): Registry {
  return {
    blocking: true,
    summarizes: true,
    register(service: string, { status = "passing", ...instance }: Instance) {
      const maintenance = status === "maintenance";
      consul.register({ ...instance, name: service, status: maintenance ? "passing" : status });
      if (maintenance) consul.maintenance(instance.id, true);
      return Promise.resolve();
    },
    deregister(_service: string, id: string) {
      consul.deregister(id);
      return Promise.resolve();
    },
  };
}

for (const version of CONSUL_VERSIONS) {
  sourceContract(`ConsulSource over the embedded Consul ${version}`, () => {
    const consul = new EmbeddedConsul({ version });
    const source = new ConsulSource({ url: "http://consul", fetch: consul.fetch });
    return Promise.resolve({ ...embedded(consul), source, close: () => consul.close() });
  });
}

sourceContract("ConsulSource over the embedded Consul's HTTP", async () => {
  const consul = new EmbeddedConsul();
  const { url } = await consul.listen();
  const transport = createTransport();
  return {
    ...embedded(consul),
    source: new ConsulSource({ url, fetch: transport.fetch }),
    async close() {
      await transport.close();
      await consul.close();
    },
  };
});

sourceContract("StaticSource", () => {
  const services: Record<string, StaticEndpoint[]> = {};
  return Promise.resolve({
    source: new StaticSource(services),
    blocking: false,
    summarizes: false,
    register(service: string, { address = "127.0.0.1", port = 0, ...facts }: Instance) {
      const others = (services[service] ?? []).filter(({ id }) => id !== facts.id);
      services[service] = [...others, { ...facts, address, port }];
      return Promise.resolve();
    },
    deregister(service: string, id: string) {
      services[service] = services[service]!.filter((each) => each.id !== id);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});

for (const stream of [true, false]) {
  sourceContract(`PilotedSource ${stream ? "over a stream" : "by requests"}`, async () => {
    const consul = new EmbeddedConsul();
    const tier = await startTier(consul, [], { health: "any" });
    const { piloted, fetch } = tier;
    const source = new PilotedSource({ upstreams: [{ url: "http://tier", fetch }], stream });
    const registry = embedded(consul);
    // What Consul has is known by the tier, and what the tier has by the source.
    const settle = async (service: string) => {
      await piloted.refresh();
      const wanted = JSON.stringify(piloted.serviceHosts(service));
      await waitUntil(async () => {
        return JSON.stringify((await source.read({ service })).endpoints) === wanted;
      });
    };
    return {
      ...registry,
      source,
      blocking: stream,
      summarizes: false,
      listsMaintenance: false,
      prepare: (service: string) => piloted.watchService({ name: service }),
      register: async (service: string, instance: Instance) => {
        // A tier hands an address on once, with all its ids, and none that is in maintenance.
        const address = `127.0.1.${instance.id.charCodeAt(0)}`;
        await registry.register(service, { address, ...instance });
        await settle(service);
      },
      deregister: async (service: string, id: string) => {
        await registry.deregister(service, id);
        await settle(service);
      },
      close: async () => {
        await source.close();
        await tier.close();
        await consul.close();
      },
    };
  });
}
