/**
 * The contract of every Consul agent that Piloted's tests use: the embedded one and the real one.
 */
import type { TestOptions } from "../support/test.ts";
import { test } from "../support/test.ts";
import { accessCases } from "./consul_agent_access.ts";
import { blockingCases } from "./consul_agent_blocking.ts";
import { checkCases } from "./consul_agent_checks.ts";
import { AgentClient, type StartAgent } from "./consul_agent_client.ts";
import { filterCases } from "./consul_agent_filters.ts";
import { loginCases, noLoginCases } from "./consul_agent_login.ts";
import { profileAccessCases, profileCases } from "./consul_agent_profile.ts";
import { readCases } from "./consul_agent_reads.ts";
import { refusalCases } from "./consul_agent_refusals.ts";
import { tokenCases } from "./consul_agent_tokens.ts";
import { factsOf } from "./consul_facts.ts";
import { summaryAccessCases, summaryCases } from "./consul_agent_summary.ts";

/** One test of the contract. */
export type ContractCase = (client: AgentClient) => Promise<void>;

/**
 * Registers the whole contract as tests, each with a new agent.
 *
 * @param title Name of the agent, for the names of the tests.
 * @param version Its version, such as "1.8.7".
 * @param start Starts an agent.
 * @param options Options of every test.
 */
export function testConsulAgent(
  title: string,
  version: string,
  start: StartAgent,
  options: TestOptions = {},
): void {
  const facts = factsOf(version);
  const groups: [Record<string, ContractCase>, boolean][] = [
    [readCases, false],
    [refusalCases, false],
    [blockingCases, false],
    [checkCases, false],
    [summaryCases, false],
    [accessCases, true],
    [summaryAccessCases, true],
    [filterCases, false],
    [profileCases, false],
    [noLoginCases, false],
    [profileAccessCases, true],
    [tokenCases, true],
    [loginCases, true],
  ];
  for (const [cases, acl] of groups) {
    for (const [name, run] of Object.entries(cases)) {
      test(`${title}: ${name}`, options, async () => {
        const agent = await start({ acl });
        try {
          await run(new AgentClient(agent, facts));
        } finally {
          await agent.stop();
        }
      });
    }
  }
}
