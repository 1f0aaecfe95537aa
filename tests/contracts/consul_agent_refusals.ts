/**
 * The contract of a Consul agent: the requests that it rejects, and the error texts.
 */
import { assert, assertEquals } from "@std/assert";
import { unknownId } from "./consul_agent_access.ts";
import type { AgentClient } from "./consul_agent_client.ts";

const TEXT = "text/plain; charset=utf-8";

export const refusalCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "parameters of a read that make no sense are refused"(client) {
    const cases: Record<string, string> = {
      "index=abc": "Invalid index",
      "index=-1": "Invalid index",
      "index=18446744073709551616": "Invalid index",
      "wait=abc": "Invalid wait time",
      "wait=10": "Invalid wait time",
      "wait=abc&index=abc": "Invalid wait time",
      "stale&consistent": "Cannot specify ?stale with ?consistent, conflicting semantics.",
      "cached&consistent": "Cannot specify ?cached with ?consistent, conflicting semantics.",
    };
    for (const path of ["/v1/health/service/app", "/v1/catalog/services"]) {
      for (const [query, text] of Object.entries(cases)) {
        await refused(client, "GET", `${path}?${query}`, 400, text);
      }
    }
    await refused(
      client,
      "GET",
      "/v1/health/service/app?passing=maybe",
      400,
      "Invalid value for ?passing",
    );
    await refused(client, "GET", "/v1/status/leader?index=a", 400, "Invalid index");
  },

  async "parameters that say nothing are taken"(client) {
    for (const query of ["index=", "wait=", "index=0", "near=_agent", "index=0&wait=-1s", "x=y"]) {
      assertEquals((await client.get(`/v1/health/service/app?${query}`)).status, 200, query);
    }
  },

  async "an unknown datacenter is refused, with the headers of no answer"(client) {
    for (const path of ["/v1/health/service/app", "/v1/catalog/services"]) {
      const { headers } = await refused(
        client,
        "GET",
        `${path}?dc=nowhere`,
        500,
        "No path to datacenter",
      );
      assertEquals(headers.get("X-Consul-Index"), "1");
      assertEquals(headers.get("X-Consul-KnownLeader"), "false");
      assertEquals(headers.get("X-Consul-LastContact"), "0");
    }
    assertEquals((await client.get("/v1/health/service/app?dc=dc1")).status, 200);
    await refused(client, "GET", "/v1/status/leader?dc=nowhere", 500, "No path to datacenter");
  },

  async "a read without a name is refused"(client) {
    await refused(client, "GET", "/v1/health/service/", 400, "Missing service name");
    await refused(client, "GET", "/v1/catalog/service/", 400, "Missing service name");
  },

  async "a wrong method is refused and told the right one"(client) {
    const cases = [
      ["POST", "/v1/health/service/app", "GET"],
      ["PUT", "/v1/catalog/services", "GET"],
      ["DELETE", "/v1/status/leader", "GET"],
      ["GET", "/v1/agent/service/register", "PUT"],
      ["POST", "/v1/agent/service/register", "PUT"],
      ["GET", "/v1/agent/check/pass/x", "PUT"],
    ];
    for (const [method, path, right] of cases) {
      const { headers } = await refused(
        client,
        method!,
        path!,
        405,
        `method ${method} not allowed`,
      );
      assertEquals(headers.get("Allow"), `OPTIONS,${right}`);
    }
    const head = await client.ask("HEAD", "/v1/health/service/app");
    assertEquals([head.status, head.headers.get("Allow")], [405, "OPTIONS,GET"]);
    const options = await client.ask("OPTIONS", "/v1/health/service/app");
    assertEquals([options.status, options.headers.get("Allow")], [200, "OPTIONS,GET"]);
    assertEquals(options.text, "");
  },

  async "an unknown path is not found"(client) {
    const paths = ["/v1/bogus", "/bogus", "/v1/agent/services/", "/v1/catalog/services/", "/v2/"];
    for (const path of paths) {
      const answer = await client.get(path);
      assertEquals([answer.status, answer.text], [404, ""], path);
    }
  },

  async "a name can't be used to reach another path"(client) {
    const cases: Record<string, string> = {
      "/v1/health/service/..%2F..%2Fagent%2Fself": "/v1/agent/self",
      "/v1/health/service/a%2F.%2Fb": "/v1/health/service/a/b",
      "/v1//health/service/app?stale": "/v1/health/service/app?stale",
      "/v1/health/service": "/v1/health/service/",
      "/v1/agent/service/deregister": "/v1/agent/service/deregister/",
    };
    for (const [path, location] of Object.entries(cases)) {
      const answer = await client.get(path);
      assertEquals([answer.status, answer.headers.get("Location")], [301, location], path);
      assertEquals(answer.headers.get("Content-Type"), "text/html; charset=utf-8");
      assertEquals(answer.text, `<a href="${location}">Moved Permanently</a>.\n\n`);
    }
    const zero = await client.get("/v1/health/service/a%00b");
    assertEquals([zero.status, zero.text], [400, ""]);
  },

  async "a body that is no JSON is refused"(client) {
    const paths = [
      "/v1/agent/service/register",
      "/v1/agent/check/register",
      "/v1/agent/check/update/x",
      "/v1/catalog/register",
      "/v1/catalog/deregister",
    ];
    for (const path of paths) {
      for (const body of ["x", '{"Name":"x"', "[]", "5"]) {
        const answer = await client.ask("PUT", path, body);
        assertEquals([answer.status, answer.headers.get("Content-Type")], [400, TEXT], path);
        assert(answer.text.startsWith("Request decode failed: "), answer.text);
      }
      await refused(client, "PUT", path, 400, "Request decode failed: EOF", "");
    }
  },

  async "a service that Consul would not take is refused"(client) {
    const cases: [unknown, string][] = [
      [{}, "Missing service name"],
      [{ Name: "a", Bogus: 1 }, 'Request decode failed: json: unknown field "Bogus"'],
      [
        { Name: 5 },
        "Request decode failed: json: cannot unmarshal number into Go struct field .Name of type string",
      ],
      [
        { Name: "a", Port: "80" },
        "Request decode failed: json: cannot unmarshal string into Go struct field .Port of type int",
      ],
      [
        { Name: "a", Tags: "t" },
        "Request decode failed: json: cannot unmarshal string into Go struct field .Tags of type []string",
      ],
      [
        { Name: "a", Meta: { k: 1 } },
        "Request decode failed: json: cannot unmarshal number into Go struct field .Meta of type string",
      ],
      [
        { Name: "a", Weights: { Passing: -1, Warning: 0 } },
        "Invalid Weights: Passing must be greater than 0",
      ],
      [
        { Name: "a", Weights: { Passing: 1, Warning: -1 } },
        "Invalid Weights: Warning must be greater or equal than 0",
      ],
      [
        { Name: "a", Check: { TTL: "zzz" } },
        'Request decode failed: time: invalid duration "zzz"',
      ],
      [{ Name: "a", Check: { TTL: "-1s" } }, "Invalid check: TTL must be > 0 for TTL checks"],
      [{ Name: "a", Check: { Name: "c" } }, "Invalid check: TTL must be > 0 for TTL checks"],
      [
        { Name: "a", Check: { HTTP: "http://127.0.0.1" } },
        "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks",
      ],
      [
        { Name: "a", Check: { TTL: "1s", HTTP: "http://127.0.0.1", Interval: "1s" } },
        "Invalid check: Interval and TTL cannot both be specified",
      ],
      [
        { Name: "a", Check: { TTL: "1s", Status: "odd" } },
        "Status for checks must 'passing', 'warning', 'critical'",
      ],
    ];
    for (const [body, text] of cases) {
      await refused(
        client,
        "PUT",
        "/v1/agent/service/register",
        400,
        text,
        JSON.stringify(body),
      );
    }
    assertEquals((await client.read("/v1/agent/services")).value, {});
  },

  async "a check that Consul would not take is refused"(client) {
    const cases: [unknown, number, string][] = [
      [{ TTL: "1s" }, 400, "Missing check name"],
      [{ Name: "c" }, 400, "Invalid check: TTL must be > 0 for TTL checks"],
      [{ Name: "c", TTL: "1s", Status: "odd" }, 400, "Bad check status"],
      [
        { Name: "c", TTL: "1s", Output: "x" },
        400,
        'Request decode failed: json: unknown field "Output"',
      ],
      [{ Name: "c", TTL: "1s", ServiceID: "none" }, 500, 'ServiceID "none" does not exist'],
    ];
    for (const [body, status, text] of cases) {
      const json = JSON.stringify(body);
      await refused(client, "PUT", "/v1/agent/check/register", status, text, json);
    }
  },

  async "a catalog entry that Consul would not take is refused"(client) {
    const register: [unknown, string][] = [
      [{ Address: "1.2.3.4" }, "Must provide node"],
      [{ Node: "n" }, "Must provide address if SkipNodeUpdate is not set"],
      [{ Node: "n", Address: "1.2.3.4", Datacenter: "nowhere" }, "No path to datacenter"],
      [
        { Node: "n", Address: "1.2.3.4", Service: { Port: 1 } },
        "failed inserting service: failed inserting service: object missing primary index",
      ],
      [
        { Node: "n", Address: "1.2.3.4", Check: { CheckID: "c", ServiceID: "none" } },
        'failed inserting check: Missing service registration on node "n"',
      ],
    ];
    for (const [body, text] of register) {
      await refused(client, "PUT", "/v1/catalog/register", 500, text, JSON.stringify(body));
    }
    await refused(client, "PUT", "/v1/catalog/deregister", 500, "Must provide node", "{}");
    // A rejected write has no effect.
    assertEquals(await client.services(), { consul: [] });
  },

  async "what is not there can't be changed"(client) {
    const { unknownIds } = client.facts;
    const check = (id: string): [number, string] =>
      unknownIds
        ? [404, unknownId("check", id)]
        : [500, `CheckID "${id}" does not have associated TTL`];
    const service = unknownIds ? unknownId("service", "none") : undefined;
    const cases: [string, number, string][] = [
      [
        "service/deregister/",
        ...unknownIds
          ? [404, unknownId("service", "")] as const
          : [500, "ServiceID missing"] as const,
      ],
      ["check/deregister/", ...unknownIds ? check("") : [500, "CheckID missing"] as const],
      ["check/pass/none", ...check("none")],
      ["check/warn/none", ...check("none")],
      ["check/fail/serfHealth", ...check("serfHealth")],
      ["service/maintenance/?enable=true", 400, "Missing service ID"],
      ["service/maintenance/none", 400, "Missing value for enable"],
      ["service/maintenance/none?enable=maybe", 400, 'Invalid value for enable: "maybe"'],
      [
        "service/maintenance/none?enable=true",
        404,
        service ?? 'No service registered with ID "none"',
      ],
      ["maintenance", 400, "Missing value for enable"],
    ];
    for (const [path, status, text] of cases) {
      await refused(client, "PUT", `/v1/agent/${path}`, status, text);
    }
    if (unknownIds) {
      const path = "/v1/agent/service/deregister/none";
      await refused(client, "PUT", path, 404, unknownId("service", "none"));
      await refused(client, "PUT", "/v1/agent/check/deregister/none", ...check("none"));
    } else {
      // Removing something twice is not an error.
      await client.put("/v1/agent/service/deregister/none");
      await client.put("/v1/agent/check/deregister/none");
    }
    await client.put("/v1/catalog/deregister", { Node: "none" });
  },

  async "a report of an unknown state is refused"(client) {
    await client.register({ Name: "app", Check: { TTL: "60s" } });
    const path = "/v1/agent/check/update/service:app";
    for (const status of ["odd", ""]) {
      const body = JSON.stringify({ Status: status });
      await refused(client, "PUT", path, 400, `Invalid check status: '${status}'`, body);
    }
  },
};

async function refused(
  client: AgentClient,
  method: string,
  path: string,
  status: number,
  text: string,
  body?: string,
): Promise<{ headers: Headers }> {
  const answer = await client.ask(method, path, body);
  assertEquals([answer.status, answer.text], [status, text], `${method} ${path} ${body ?? ""}`);
  assertEquals(answer.headers.get("Content-Type"), TEXT);
  assertEquals(answer.headers.get("Vary"), "Accept-Encoding");
  return answer;
}
