/**
 * Creates tokens with rules and an auth method in a real Consul.
 */
import type { AccessRules, TokenRules } from "../../src/testing/mod.ts";
import type { TestAuthMethod } from "../contracts/consul_agent_client.ts";
import type { Consul } from "./consul.ts";

const ANONYMOUS_ACCESSOR = "00000000-0000-0000-0000-000000000002";
const ISSUER = "piloted-tests";

let created = 0;

/** Adds a token; the secret "anonymous" stands for requests without one. */
export async function grantToken(consul: Consul, secret: string, rules: TokenRules): Promise<void> {
  const Name = `policy-${++created}`;
  await consul.put("/v1/acl/policy", { Name, Rules: hcl(rules) });
  const Policies = [{ Name }];
  if (secret === "anonymous") {
    await consul.put(`/v1/acl/token/${ANONYMOUS_ACCESSOR}`, { Policies });
  } else {
    await consul.put("/v1/acl/token", { SecretID: secret, Policies });
  }
}

/** Removes a token. */
export async function revokeToken(consul: Consul, secret: string): Promise<void> {
  const own = await fetch(`${consul.url}/v1/acl/token/self`, {
    headers: { "X-Consul-Token": secret },
  });
  const { AccessorID } = await own.json() as { AccessorID: string };
  const response = await consul.request(`/v1/acl/token/${AccessorID}`, { method: "DELETE" });
  if (!response.ok) throw new Error(`Cannot remove a token: ${await response.text()}`);
}

function hcl(rules: TokenRules): string {
  return Object.entries(rules as Record<string, AccessRules>).flatMap(([resource, names]) =>
    Object.entries(names).map(([name, policy]) => {
      const kind = name.endsWith("*") ? `${resource}_prefix` : resource;
      return `${kind} ${JSON.stringify(name.replace(/\*$/, ""))} { policy = "${policy}" }`;
    })
  ).join("\n");
}

/** Creates an auth method for JSON web tokens that binds a login to the service that it names. */
export async function createAuthMethod(consul: Consul): Promise<TestAuthMethod> {
  const keys = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const key = base64(new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey)));
  const pem = `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`;
  await consul.put("/v1/acl/auth-method", {
    Name: "jwt",
    Type: "jwt",
    MaxTokenTTL: "60s",
    Config: {
      JWTValidationPubKeys: [pem],
      BoundIssuer: ISSUER,
      ClaimMappings: { sub: "name" },
    },
  });
  await consul.put("/v1/acl/binding-rule", {
    AuthMethod: "jwt",
    BindType: "service",
    BindName: "${value.name}",
    Selector: 'value.name != "nobody"',
  });
  return {
    name: "jwt",
    async bearer(service) {
      const now = Math.floor(Date.now() / 1_000);
      const claims = { iss: ISSUER, sub: service, iat: now, exp: now + 300 };
      const head = { alg: "ES256", typ: "JWT" };
      const text = [head, claims].map((part) => urlSafe(btoa(JSON.stringify(part)))).join(".");
      const signature = await crypto.subtle.sign(
        { name: "ECDSA", hash: "SHA-256" },
        keys.privateKey,
        new TextEncoder().encode(text),
      );
      return `${text}.${urlSafe(base64(new Uint8Array(signature)))}`;
    },
  };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function urlSafe(text: string): string {
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
