import { testConsulAgent } from "../contracts/consul_agent_contract.ts";
import { consulVersion, skipWithoutConsul, startConsul } from "../support/consul.ts";
import { createAuthMethod, grantToken, revokeToken } from "../support/consul_tokens.ts";

const skip = await skipWithoutConsul();
const version = skip ? "1.8.7" : await consulVersion();

testConsulAgent(`Consul ${version}`, version, async ({ acl }) => {
  const consul = await startConsul({ acl });
  const { url, node, token } = consul;
  return {
    url,
    node,
    token,
    fetch,
    grant: (secret, rules) => grantToken(consul, secret, rules),
    revoke: (secret) => revokeToken(consul, secret),
    authMethod: () => createAuthMethod(consul),
    stop: () => consul.stop(),
  };
}, { skip });
