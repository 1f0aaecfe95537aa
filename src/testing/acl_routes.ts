/**
 * The routes of access control: login, logout, and a token about itself.
 *
 * @module
 */
import type { Token } from "./acl.ts";
import {
  callerOf,
  type ConsulApp,
  type ConsulState,
  json,
  route,
  secretOf,
} from "./consul_context.ts";
import { decodeLoginBody } from "./definitions.ts";
import { decodeBody } from "./go_json.ts";
import { Refusal } from "./refusal.ts";

/**
 * Adds the routes.
 *
 * @param app The application to add them to.
 * @param state State that they change.
 */
export function addAclRoutes(app: ConsulApp, state: ConsulState): void {
  const { access, profile } = state;

  route(app, "POST", "/v1/acl/login", async (context) => {
    mustBeEnabled(state);
    const prefix = `${profile.unknownIds ? "" : "Bad request: "}Failed to decode request body: `;
    const body = await decodeBody(context.req.raw, decodeLoginBody, prefix);
    const { AuthMethod = "", BearerToken = "", Meta = {} } = body;
    const token = access.login(AuthMethod, BearerToken, Meta);
    if (token === "unknown") {
      throw new Refusal(403, loginRefusal(AuthMethod, profile.namedDenials));
    }
    if (token === "denied") throw new Refusal(403, "Permission denied");
    return json(context, state, tokenJson(token));
  });

  route(app, "POST", "/v1/acl/logout", (context) => {
    mustBeEnabled(state);
    const secret = secretOf(context);
    const token = secret === "" ? undefined : access.token(secret);
    if (token === undefined) throw new Refusal(403, "ACL not found");
    // Only a login can be undone.
    if (token.authMethod === undefined) throw new Refusal(403, "Permission denied");
    access.remove(secret);
    return json(context, state, true);
  });

  route(app, "GET", "/v1/acl/token/self", (context) => {
    mustBeEnabled(state);
    if (secretOf(context) === "") throw new Refusal(403, "ACL not found");
    return json(context, state, tokenJson(callerOf(context, state).token));
  });
}

function mustBeEnabled({ access }: ConsulState): void {
  if (!access.enabled) throw new Refusal(401, "ACL support disabled");
}

// `ACL.Login` of `agent/consul/acl_endpoint.go` names the method since 1.12.
function loginRefusal(method: string, named: boolean): string {
  return named ? `auth method ${JSON.stringify(method)} not found: ACL not found` : "ACL not found";
}

function tokenJson(token: Token): Readonly<Record<string, unknown>> {
  const time = (ms: number) => new Date(ms).toISOString();
  const services = token.grant === "management" ? {} : token.grant.service ?? {};
  return {
    AccessorID: token.accessor,
    SecretID: token.secret,
    Description: token.description,
    ...token.authMethod !== undefined && {
      // Consul binds a login to services or roles; the rules themselves are not shown.
      ServiceIdentities: Object.keys(services).map((ServiceName) => ({ ServiceName })),
    },
    Local: token.authMethod !== undefined,
    ...token.authMethod !== undefined && { AuthMethod: token.authMethod },
    ...token.expiresAt !== undefined && { ExpirationTime: time(token.expiresAt) },
    CreateTime: time(token.createdAt),
    Hash: "",
    CreateIndex: 1,
    ModifyIndex: 1,
  };
}
