import { CONSUL_VERSIONS, EmbeddedConsul } from "../../src/testing/mod.ts";
import { testConsulAgent } from "../contracts/consul_agent_contract.ts";
import { wireProfile } from "../../src/testing/wire_profile.ts";

const NODE = "embedded";
const TOKEN = "11111111-2222-4333-8444-555555555555";
const ACL = { tokens: { [TOKEN]: "management" } } as const;

for (const version of CONSUL_VERSIONS) {
  const { release } = wireProfile(version);
  testConsulAgent(`EmbeddedConsul ${version} over HTTP`, release, async ({ acl }) => {
    const consul = new EmbeddedConsul({ version, node: NODE, acl: acl ? ACL : undefined });
    const { url } = await consul.listen();
    const token = acl ? TOKEN : undefined;
    return { url, node: NODE, token, fetch, stop: () => consul.close() };
  });

  testConsulAgent(`EmbeddedConsul.fetch ${version}`, release, ({ acl }) => {
    const consul = new EmbeddedConsul({ version, node: NODE, acl: acl ? ACL : undefined });
    const token = acl ? TOKEN : undefined;
    const agent = { url: "http://consul", node: NODE, token, fetch: consul.fetch };
    return Promise.resolve({ ...agent, stop: () => consul.close() });
  });
}
