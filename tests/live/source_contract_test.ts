import { createTransport } from "../../src/runtime/transport/transport.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { type Instance, sourceContract } from "../contracts/source_contract.ts";
import { consulVersion, skipWithoutConsul, startConsul } from "../support/consul.ts";
import { deregisterService, registerService } from "../support/consul_services.ts";

// What the agent is told of a check, which keeps its status when it is registered again.
const REPORTS = { passing: "pass", warning: "warn", critical: "fail", maintenance: "pass" };

const skip = await skipWithoutConsul();
// Ends with this process.
const consul = skip ? undefined : await startConsul();

sourceContract(`ConsulSource over Consul ${skip ? "" : await consulVersion()}`, () => {
  const transport = createTransport();
  return Promise.resolve({
    source: new ConsulSource({ url: consul!.url, fetch: transport.fetch }),
    blocking: true,
    summarizes: true,
    async register(service: string, { status = "passing", ...instance }: Instance) {
      await registerService(consul!, {
        Name: service,
        ID: instance.id,
        Address: instance.address,
        Port: instance.port,
        Tags: [...instance.tags ?? []],
        Meta: { ...instance.meta },
        Check: { TTL: "10m" },
      });
      await consul!.put(`/v1/agent/check/${REPORTS[status]}/service:${instance.id}`);
      if (status === "maintenance") {
        await consul!.put(`/v1/agent/service/maintenance/${instance.id}?enable=true`);
      }
    },
    deregister: (_service: string, id: string) => deregisterService(consul!, id),
    close: () => transport.close(),
  });
}, { skip });
