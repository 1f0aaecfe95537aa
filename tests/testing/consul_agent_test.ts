import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { testConsulAgent } from "../contracts/consul_agent_contract.ts";

const NODE = "embedded";
const TOKEN = "11111111-2222-4333-8444-555555555555";

testConsulAgent("EmbeddedConsul over HTTP", async ({ acl }) => {
  const token = acl ? TOKEN : undefined;
  const consul = new EmbeddedConsul({ node: NODE, token });
  const { url } = await consul.listen();
  return { url, node: NODE, token, fetch, stop: () => consul.close() };
});

testConsulAgent("EmbeddedConsul.fetch", ({ acl }) => {
  const token = acl ? TOKEN : undefined;
  const consul = new EmbeddedConsul({ node: NODE, token });
  const agent = { url: "http://consul", node: NODE, token, fetch: consul.fetch };
  return Promise.resolve({ ...agent, stop: () => consul.close() });
});
