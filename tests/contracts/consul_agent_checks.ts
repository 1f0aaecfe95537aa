/**
 * The contract of a Consul agent: registration, TTL checks and maintenance.
 */
import { assertEquals } from "@std/assert";
import type { AgentClient } from "./consul_agent_client.ts";

const TTL = { TTL: "60s" };

export const checkCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "writes to the agent answer 200 without a body"(client) {
    const writes: [string, unknown?][] = [
      ["service/register", { Name: "app", Check: TTL }],
      ["check/pass/service:app?note=fine"],
      ["check/register", { Name: "c", ...TTL }],
      ["check/deregister/c"],
      ["service/maintenance/app?enable=true"],
      ["service/maintenance/app?enable=false"],
      ["service/deregister/app"],
    ];
    for (const [path, body] of writes) {
      const answer = await client.put(`/v1/agent/${path}`, body);
      assertEquals([answer.text, answer.headers.get("Content-Type")], ["", null], path);
      assertEquals(answer.headers.get("Vary"), "Accept-Encoding");
    }
  },

  async "writes to the catalog answer true"(client) {
    const body = { Node: "n1", Address: "10.0.0.1" };
    for (const path of ["/v1/catalog/register", "/v1/catalog/deregister"]) {
      const answer = await client.put(path, body);
      assertEquals(answer.headers.get("Content-Type"), "application/json");
      assertEquals(JSON.parse(answer.text), true);
    }
  },

  async "names of fields are taken in any case and in snake case"(client) {
    await client.put("/v1/agent/service/register", {
      name: "app",
      port: 7,
      enable_tag_override: true,
      check: { ttl: "60s", deregister_critical_service_after: "1h", status: "passing" },
    });
    const [entry] = await client.until("app", (list) => list.length === 1);
    assertEquals([entry!.Service.Port, entry!.Service.EnableTagOverride], [7, true]);
    assertEquals(entry!.Checks[1]?.Status, "passing");
  },

  async "a TTL check begins critical and follows its reports"(client) {
    await client.register({ Name: "app", Check: TTL });
    await client.untilCheck("app", "service:app", ({ Status }) => Status === "critical");
    for (const [verb, status] of [["pass", "passing"], ["warn", "warning"], ["fail", "critical"]]) {
      await client.put(`/v1/agent/check/${verb}/service:app?note=${verb}%20it`);
      await client.untilCheck(
        "app",
        "service:app",
        ({ Status, Output }) => Status === status && Output === `${verb} it`,
      );
    }
    const update = { Status: "passing", Output: "up" };
    await client.put("/v1/agent/check/update/service:app", update);
    await client.untilCheck(
      "app",
      "service:app",
      ({ Status, Output }) => Status === "passing" && Output === "up",
    );
  },

  async "a long output is cut by bytes, and says so"(client) {
    await client.register({ Name: "app", Check: TTL });
    for (
      const [start, report] of [
        ["x", () => update(client, "x".repeat(5_000))],
        ["y", () => client.put(`/v1/agent/check/pass/service:app?note=${"y".repeat(5_000)}`)],
      ] as const
    ) {
      await report();
      const { value } = await client.read<Record<string, { Output: string }>>("/v1/agent/checks");
      const { Output } = value["service:app"]!;
      assertEquals(Output, `${start.repeat(4_096)} ... (captured 4096 of 5000 bytes)`);
    }
    await update(client, "z".repeat(4_096));
    const { value } = await client.read<Record<string, { Output: string }>>("/v1/agent/checks");
    assertEquals(value["service:app"]!.Output, "z".repeat(4_096));
  },

  async "a TTL check expires"(client) {
    const check = { TTL: "50ms", Status: "passing" };
    await client.register({ Name: "app", Check: check });
    await client.untilCheck(
      "app",
      "service:app",
      ({ Status, Output }) => Status === "critical" && Output === "TTL expired",
    );
    await client.put("/v1/agent/check/pass/service:app?note=last%20words");
    await client.untilCheck(
      "app",
      "service:app",
      ({ Status, Output }) =>
        Status === "critical" &&
        Output === "TTL expired (last output before timeout follows): last words",
    );
  },

  async "several checks are numbered, and one may have an id of its own"(client) {
    const checks = [{ ...TTL, Status: "passing" }, { ...TTL, CheckID: "own", Name: "Own" }, TTL];
    await client.register({ Name: "app", Checks: checks });
    const [entry] = await client.health("app");
    assertEquals(
      entry!.Checks.slice(1).map((check) => [check.CheckID, check.Name, check.Status]),
      [
        ["own", "Own", "critical"],
        ["service:app:1", "Service 'app' check", "passing"],
        ["service:app:3", "Service 'app' check", "critical"],
      ],
    );
  },

  async "registering again keeps the state of a check, and the checks that are not named"(client) {
    const checks = [{ ...TTL, CheckID: "c1", Name: "c1" }, { ...TTL, CheckID: "c2", Name: "c2" }];
    await client.register({ Name: "app", Checks: checks });
    await client.put("/v1/agent/check/pass/c1?note=kept");
    await client.untilCheck("app", "c1", ({ Status }) => Status === "passing");
    const again = { ...checks[0], Status: "warning" };
    await client.put("/v1/agent/service/register", { Name: "app", Port: 9, Check: again });
    // A real agent sends the service and its checks to the catalog one after the other.
    const [entry] = await client.until(
      "app",
      ([entry]) => entry?.Service.Port === 9 && entry.Checks.length === 3,
    );
    assertEquals(
      entry!.Checks.slice(1).map((check) => [check.CheckID, check.Status, check.Output]),
      [["c1", "passing", "kept"], ["c2", "critical", ""]],
    );
    const path = "/v1/agent/service/register?replace-existing-checks=true";
    await client.put(path, { Name: "app", Port: 9, Check: again });
    await client.until("app", ([entry]) => entry?.Checks.length === 2);
  },

  async "a check can be added to a service, to the node, and be taken away"(client) {
    await client.register({ Name: "app" });
    await client.put("/v1/agent/check/register", {
      Name: "c",
      ServiceID: "app",
      Notes: "n",
      ...TTL,
    });
    await client.put("/v1/agent/check/register", {
      ID: "d",
      Name: "disk",
      Status: "passing",
      ...TTL,
    });
    const [entry] = await client.until("app", ([entry]) => entry?.Checks.length === 3);
    assertEquals(
      entry!.Checks.map((check) => [check.CheckID, check.Name, check.Notes, check.ServiceID]),
      [
        ["d", "disk", "", ""],
        ["serfHealth", "Serf Health Status", "", ""],
        ["c", "c", "n", "app"],
      ],
    );
    const all = (await client.read<Record<string, { ServiceName: string }>>("/v1/agent/checks"))
      .value;
    assertEquals(Object.keys(all).sort(), ["c", "d"]);
    assertEquals([all.c!.ServiceName, all.d!.ServiceName], ["app", ""]);
    await client.put("/v1/agent/check/deregister/c");
    await client.until("app", ([entry]) => entry?.Checks.length === 2);
  },

  async "deregistering a service takes its checks with it"(client) {
    await client.register({ Name: "app", ID: "a/1 é", Check: TTL });
    await client.put(`/v1/agent/service/deregister/${encodeURIComponent("a/1 é")}`);
    await client.until("app", (list) => list.length === 0);
    assertEquals((await client.read("/v1/agent/checks")).value, {});
    assertEquals((await client.read("/v1/agent/services")).value, {});
  },

  async "maintenance of a service is a critical check with a reason"(client) {
    await client.register({ Name: "app" });
    const path = "/v1/agent/service/maintenance/app";
    await client.put(`${path}?enable=true&reason=moving%20house`);
    const [entry] = await client.until("app", ([entry]) => entry?.Checks.length === 2);
    const { CheckID, Name, Status, Notes, Output, ServiceID, Type } = entry!.Checks[1]!;
    assertEquals([CheckID, Name, Status, Notes, Output, ServiceID, Type], [
      "_service_maintenance:app",
      "Service Maintenance Mode",
      "critical",
      "moving house",
      "",
      "app",
      "maintenance",
    ]);
    assertEquals(await client.health("app?passing"), []);
    // If maintenance is already enabled, its reason is kept.
    await client.put(`${path}?enable=true&reason=another`);
    assertEquals((await client.health("app"))[0]!.Checks[1]!.Notes, "moving house");
    await client.put(`${path}?enable=false`);
    await client.until("app?passing", (list) => list.length === 1);
  },

  async "maintenance of a node is a critical check of the node"(client) {
    await client.register({ Name: "app" });
    await client.put("/v1/agent/maintenance?enable=true");
    const [entry] = await client.until("app", ([entry]) => entry?.Checks.length === 2);
    const { CheckID, Name, Notes, ServiceID, Type } = entry!.Checks[0]!;
    assertEquals([CheckID, Name, Notes, ServiceID, Type], [
      "_node_maintenance",
      "Node Maintenance Mode",
      "Maintenance mode is enabled for this node, but no reason was provided. " +
      "This is a default message.",
      "",
      "maintenance",
    ]);
    await client.put("/v1/agent/maintenance?enable=0");
    await client.until("app?passing", (list) => list.length === 1);
  },

  async "the catalog takes what an agent would not"(client) {
    await client.write("n1", { Service: "app", Port: 99_999 }, { Name: "c", Status: "odd" });
    const [entry] = await client.health("app");
    assertEquals([entry!.Service.Port, entry!.Checks[0]!.Status], [99_999, "odd"]);
    assertEquals([entry!.Service.ID, entry!.Checks[0]!.CheckID], ["app", "c"]);
    const skip = { Node: "n1", SkipNodeUpdate: true, Service: { Service: "app", Port: 1 } };
    await client.put("/v1/catalog/register", skip);
    assertEquals((await client.health("app"))[0]!.Node.Address, "10.9.9.9");
    await client.put("/v1/catalog/deregister", { Node: "n1", CheckID: "c" });
    assertEquals((await client.health("app"))[0]!.Checks, []);
  },
};

function update(client: AgentClient, Output: string): Promise<unknown> {
  return client.put("/v1/agent/check/update/service:app", { Status: "passing", Output });
}
