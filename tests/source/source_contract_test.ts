import { ConsulSource } from "../../src/source/consul.ts";
import { type StaticEndpoint, StaticSource } from "../../src/source/static.ts";
import { CONSUL_VERSIONS, EmbeddedConsul } from "../../src/testing/mod.ts";
import { createTransport } from "../../src/runtime/transport/transport.ts";
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
