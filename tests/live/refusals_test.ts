import { assertEquals } from "@std/assert";
import { EmbeddedConsul, type Fault, faults } from "../../src/testing/mod.ts";
import { atLeast } from "../contracts/consul_facts.ts";
import { consulVersion, skipWithoutConsul, startConsul } from "../support/consul.ts";
import { test } from "../support/test.ts";

const skip = await skipWithoutConsul();
const version = skip ? "1.8.7" : await consulVersion();
const PATH = "/v1/health/service/app";

async function seen(response: Response): Promise<[number, string, string | null]> {
  return [response.status, await response.text(), response.headers.get("Content-Type")];
}

/** What the fault gives. */
async function faulty(fault: Fault): Promise<[number, string, string | null]> {
  await using consul = new EmbeddedConsul();
  consul.inject(fault);
  return await seen(await consul.fetch(`http://consul${PATH}`));
}

test(
  `faults.blocked() is what Consul ${version} says of a blocked endpoint`,
  { skip },
  async () => {
    const config = { http_config: { block_endpoints: [PATH] } };
    await using consul = await startConsul({ config });
    const answer = await fetch(`${consul.url}${PATH}`);
    const policy = answer.headers.get("X-Consul-Default-ACL-Policy");
    assertEquals(policy, atLeast(version, "1.9") ? "allow" : null);
    assertEquals(await seen(answer), await faulty(faults.blocked()));
  },
);

test(
  `faults.tooManyConnections() is what Consul ${version} says of one connection too many`,
  { skip },
  async () => {
    const config = { limits: { http_max_conns_per_client: 8 } };
    await using consul = await startConsul({ config });
    const abort = new AbortController();
    const path = `${consul.url}${PATH}`;
    const answers = Array.from(
      { length: 16 },
      () =>
        fetch(`${path}?index=9999999&wait=30s`, { signal: abort.signal }).then(
          seen,
          () => undefined,
        ),
    );
    try {
      const refused = await Promise.race(answers);
      // Consul 1.8 closes the connection without a response.
      const expected = atLeast(version, "1.9")
        ? await faulty(faults.tooManyConnections())
        : undefined;
      assertEquals(refused, expected);
    } finally {
      abort.abort();
      await Promise.all(answers);
    }
  },
);
