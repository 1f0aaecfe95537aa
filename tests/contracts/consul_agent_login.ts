/**
 * The contract of a Consul agent: login and logout.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { AgentClient, Answer } from "./consul_agent_client.ts";

interface LoginToken {
  AccessorID: string;
  SecretID: string;
  Description: string;
  AuthMethod: string;
  Local: boolean;
  CreateTime: string;
  ExpirationTime: string;
}

function login(client: AgentClient, body: unknown): Promise<Answer> {
  client.token = undefined;
  return client.ask("POST", "/v1/acl/login", JSON.stringify(body));
}

export const loginCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "a login gives a token that expires and may do what the method says"(client) {
    await client.register({ Name: "app" });
    await client.register({ Name: "other" });
    const { name, bearer } = await client.agent.authMethod();
    const BearerToken = await bearer("app");
    const answer = await login(client, { AuthMethod: name, BearerToken, Meta: { pod: "p1" } });
    assertEquals([answer.status, answer.headers.get("Content-Type")], [200, "application/json"]);
    const token: LoginToken = JSON.parse(answer.text);
    assertEquals([token.AuthMethod, token.Local], [name, true]);
    assertEquals(token.Description, 'token created via login: {"pod":"p1"}');
    for (const id of [token.AccessorID, token.SecretID]) assertMatch(id, /^[0-9a-f-]{36}$/);
    assertEquals(Date.parse(token.ExpirationTime) - Date.parse(token.CreateTime), 60_000);
    client.token = token.SecretID;
    assertEquals((await client.health("app")).length, 1);
    // The identity of a service may write this service and read the others.
    await client.put("/v1/agent/service/register", { Name: "app", Port: 9 });
    const register = JSON.stringify({ Name: "other" });
    const other = await client.ask("PUT", "/v1/agent/service/register", register);
    assertEquals([other.status, other.text.slice(0, 17)], [403, "Permission denied"]);
    const self = (await client.read<LoginToken>("/v1/acl/token/self")).value;
    assertEquals([self.AccessorID, self.ExpirationTime], [token.AccessorID, token.ExpirationTime]);
  },

  async "after a logout the token is unknown"(client) {
    await client.register({ Name: "app" });
    const { name, bearer } = await client.agent.authMethod();
    const answer = await login(client, { AuthMethod: name, BearerToken: await bearer("app") });
    client.token = (JSON.parse(answer.text) as LoginToken).SecretID;
    const logout = await client.ask("POST", "/v1/acl/logout");
    assertEquals([logout.status, JSON.parse(logout.text)], [200, true]);
    for (const path of ["/v1/health/service/app", "/v1/acl/token/self"]) {
      const gone = await client.get(path);
      assertEquals(gone.status, 403, path);
      assertMatch(gone.text, /ACL not found/);
    }
    const again = await client.ask("POST", "/v1/acl/logout");
    assertEquals([again.status, again.text], [403, "ACL not found"]);
  },

  async "a login that the method does not accept is refused"(client) {
    const { name, bearer } = await client.agent.authMethod();
    const BearerToken = await bearer("nobody");
    const nobody = await login(client, { AuthMethod: name, BearerToken });
    assertEquals([nobody.status, nobody.text.slice(0, 17)], [403, "Permission denied"]);
    for (const body of [{ AuthMethod: "none", BearerToken }, {}]) {
      const answer = await login(client, body);
      assertEquals(answer.status, 403);
      assertMatch(answer.text, /ACL not found$/);
    }
    const odd = await login(client, { AuthMethod: name, Bogus: 1 });
    assertEquals(odd.status, 400);
    assertMatch(odd.text, /Failed to decode request body: json: unknown field "Bogus"$/);
    const empty = await client.ask("POST", "/v1/acl/login");
    assertEquals(empty.status, 400);
    assertMatch(empty.text, /Failed to decode request body: EOF$/);
  },

  async "only a login can be logged out"(client) {
    const own = await client.ask("POST", "/v1/acl/logout");
    assertEquals([own.status, own.text.slice(0, 17)], [403, "Permission denied"]);
    client.token = undefined;
    const none = await client.ask("POST", "/v1/acl/logout");
    assertEquals([none.status, none.text], [403, "ACL not found"]);
    assertEquals((await client.ask("PUT", "/v1/acl/login", "{}")).status, 405);
    assertEquals((await client.get("/v1/acl/logout")).status, 405);
  },

  async "a token is the same by its secret only"(client) {
    assert(client.token !== undefined);
    client.token = client.token.replace("1", "9");
    assertEquals((await client.get("/v1/acl/token/self")).status, 403);
    client.token = undefined;
    assertEquals((await client.get("/v1/acl/token/self")).status, 403);
  },
};

export const noLoginCases: Record<string, (client: AgentClient) => Promise<void>> = {
  async "without access control there is no login"(client) {
    for (
      const [method, path] of [
        ["POST", "/v1/acl/login"],
        ["POST", "/v1/acl/logout"],
        ["GET", "/v1/acl/token/self"],
      ] as const
    ) {
      const answer = await client.ask(method, path, method === "POST" ? "{}" : undefined);
      assertEquals([answer.status, answer.text], [401, "ACL support disabled"], path);
    }
  },
};
