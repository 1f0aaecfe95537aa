import {
  CONSUL_VERSIONS,
  EmbeddedConsul,
  type EmbeddedConsulOptions,
} from "../../src/testing/mod.ts";
import { wireProfile } from "../../src/testing/wire_profile.ts";
import type { AgentUnderTest } from "../contracts/consul_agent_client.ts";
import { testConsulAgent } from "../contracts/consul_agent_contract.ts";

const NODE = "embedded";
const TOKEN = "11111111-2222-4333-8444-555555555555";

const ACL: EmbeddedConsulOptions["acl"] = {
  tokens: { [TOKEN]: "management" },
  authMethods: {
    jwt: (bearer) =>
      bearer === "nobody" ? undefined : { service: { [bearer]: "write", "*": "read" } },
  },
  loginTtlMs: 60_000,
};

function agentOf(consul: EmbeddedConsul, acl: boolean): Omit<AgentUnderTest, "url" | "fetch"> {
  return {
    node: NODE,
    token: acl ? TOKEN : undefined,
    grant: (secret, rules) => Promise.resolve(consul.addToken(secret, rules)),
    revoke: (secret) => Promise.resolve(consul.revokeToken(secret)),
    authMethod: () =>
      Promise.resolve({ name: "jwt", bearer: (service) => Promise.resolve(service) }),
    stop: () => consul.close(),
  };
}

for (const version of CONSUL_VERSIONS) {
  const { release } = wireProfile(version);
  const start = (acl: boolean) =>
    new EmbeddedConsul({ version, node: NODE, acl: acl ? ACL : undefined });

  // The way there does not depend on the version.
  if (version === "1.8" || version === CONSUL_VERSIONS.at(-1)) {
    testConsulAgent(`EmbeddedConsul ${version} over HTTP`, release, async ({ acl }) => {
      const consul = start(acl);
      const { url } = await consul.listen();
      return { ...agentOf(consul, acl), url, fetch };
    });
  }

  testConsulAgent(`EmbeddedConsul.fetch ${version}`, release, ({ acl }) => {
    const consul = start(acl);
    return Promise.resolve({ ...agentOf(consul, acl), url: "http://consul", fetch: consul.fetch });
  });
}
