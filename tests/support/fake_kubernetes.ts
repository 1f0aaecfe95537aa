/**
 * As much of Kubernetes' API as Consul's auth method of type "kubernetes" asks for: whether a bearer
 * token is good, and whose it is.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { pemPath } from "../runtime/fixtures/http2_server.ts";

export interface FakeKubernetes {
  readonly url: string;
  /** Tokens that are good. */
  readonly accepted: Set<string>;
  readonly ca: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A text in the form of a token that somebody signed. */
export function fakeJwt(subject: string): string {
  const part = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "");
  return `${part({ alg: "RS256" })}.${part({ sub: subject })}.c2lnbmF0dXJl`;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startFakeKubernetes(): Promise<FakeKubernetes> {
  const accepted = new Set<string>();
  const pem = (name: string) => readFileSync(pemPath(name), "utf8");
  const server = createServer(
    { cert: pem("server"), key: pem("server_key") },
    (request, response) => {
      let text = "";
      request.on("data", (chunk) => text += String(chunk));
      request.on("end", () => {
        response.writeHead(200, { "Content-Type": "application/json" });
        const review = request.url?.includes("tokenreviews");
        const body = review ? tokenReview(JSON.parse(text), accepted) : SERVICE_ACCOUNT;
        response.end(JSON.stringify(body));
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted,
    ca: pem("ca"),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const SERVICE_ACCOUNT = {
  kind: "ServiceAccount",
  apiVersion: "v1",
  metadata: { name: "web", namespace: "default", uid: "1" },
};

function tokenReview(
  { spec }: { spec: { token: string } },
  accepted: ReadonlySet<string>,
): unknown {
  const good = accepted.has(spec.token);
  const user = { username: "system:serviceaccount:default:web", uid: "1", groups: [] };
  return {
    kind: "TokenReview",
    apiVersion: "authentication.k8s.io/v1",
    status: good ? { authenticated: true, user } : { authenticated: false, error: "unknown token" },
  };
}
