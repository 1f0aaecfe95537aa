import { testConsulAgent } from "../contracts/consul_agent_contract.ts";
import { skipUnlessConsul, startConsul } from "../support/consul.ts";

testConsulAgent("Consul", async ({ acl }) => {
  const consul = await startConsul({ acl });
  const { url, node, token } = consul;
  return { url, node, token, fetch, stop: () => consul.stop() };
}, { skip: await skipUnlessConsul("1.8") });
