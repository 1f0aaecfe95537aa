/** Tokens that are replaced, logins and unix sockets, at a real Consul with ACLs. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { type Consul, skipWithoutConsul, startConsul } from "../support/consul.ts";
import { fakeJwt, startFakeKubernetes } from "../support/fake_kubernetes.ts";
import { currentRuntime, startScript } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

const skip = await skipWithoutConsul();
const RULES = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';

async function register(consul: Consul, port: number): Promise<void> {
  await consul.put("/v1/catalog/register", {
    Node: "external",
    Address: "10.0.0.1",
    Service: { Service: "web", ID: "web-1", Port: port },
  });
}

interface Token {
  AccessorID: string;
  SecretID: string;
}

async function createToken(consul: Consul): Promise<Token> {
  const init = { method: "PUT", body: JSON.stringify({ Policies: [{ Name: "reader" }] }) };
  return await (await consul.request("/v1/acl/token", init)).json() as Token;
}

async function withAcl(run: (consul: Consul, folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await using consul = await startConsul({ acl: true });
    await consul.put("/v1/acl/policy", { Name: "reader", Rules: RULES });
    await register(consul, 80);
    await run(consul, folder);
  });
}

/** Every error, and every state but "live". */
function troublesOf(piloted: Piloted): string[] {
  const troubles: string[] = [];
  piloted.on("error", ({ code, message }) => troubles.push(`${code} ${message}`));
  piloted.on("status", ({ state, reason }) => {
    if (state !== "live") troubles.push(`${state} ${reason}`);
  });
  return troubles;
}

async function seesChange(piloted: Piloted, consul: Consul, port: number): Promise<void> {
  await register(consul, port);
  await waitUntil(() => Promise.resolve(piloted.pick("web").port === port));
}

test("a new token in the configuration file, with the old one destroyed at once, causes no flap", {
  skip,
  timeout: 60_000,
}, () =>
  withAcl(async (consul, folder) => {
    const path = join(folder, "containerpilot.json5");
    const write = (token: string) =>
      writeFile(
        path,
        JSON.stringify({
          consul: { address: consul.url, token },
          watches: [{ name: "web", interval: 5 }],
        }),
      );
    let token = await createToken(consul);
    await write(token.SecretID);
    await using piloted = await createPiloted({
      config: path,
      reload: true,
      signals: false,
      env: {},
    });
    const troubles = troublesOf(piloted);
    for (let round = 0; round < 3; round++) {
      const next = await createToken(consul);
      await write(next.SecretID);
      const refreshed = piloted.refresh();
      const init = { method: "DELETE" };
      await Promise.all([refreshed, consul.request(`/v1/acl/token/${token.AccessorID}`, init)]);
      await seesChange(piloted, consul, 81 + round);
      token = next;
    }
    assertEquals(troubles, []);
  }));

test("serve.ts reads a new token from its file on SIGHUP, with the old one destroyed at any time", {
  skip,
  timeout: 60_000,
}, () =>
  withAcl(async (consul, folder) => {
    const path = join(folder, "containerpilot.json5");
    const write = ({ SecretID: token }: Token) =>
      writeFile(
        path,
        JSON.stringify({
          consul: { address: consul.url, token },
          watches: [{ name: "web", interval: 5 }],
        }),
      );
    let token = await createToken(consul);
    await write(token);
    const env = { NO_COLOR: "1", PILOTED_TOKEN: undefined };
    const serve = await startScript(currentRuntime, "serve.ts", ["--config", path, "--port", "0"], {
      env,
    });
    try {
      const [, url] = await serve.waitFor(/^Listening on (\S+)$/m);
      const read = async (path: string) => await (await fetch(url + path)).text();
      for (let round = 0; round < 4; round++) {
        const next = await createToken(consul);
        const { AccessorID } = token;
        const destroy = () => consul.request(`/v1/acl/token/${AccessorID}`, { method: "DELETE" });
        if (round % 2 === 1) {
          await destroy();
          // Ends the blocking query: the next one is refused before the signal arrives.
          await register(consul, 90 + round);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        await write(next);
        serve.kill("SIGHUP");
        if (round % 2 === 0) await destroy();
        await register(consul, 81 + round);
        await waitUntil(async () =>
          (await read("/v1/services/web/endpoint")).includes(`${81 + round}`)
        );
        token = next;
      }
      assert((await read("/v1/status")).includes('"live"'));
      const log = serve.stdout() + serve.stderr();
      assertEquals(/error|stale|denied/i.exec(log)?.input, undefined);
    } finally {
      await serve.stop();
    }
  }));

test("a new token in the token file is used without a signal, and when the old one is refused", {
  skip,
  timeout: 60_000,
}, () =>
  withAcl(async (consul, folder) => {
    const tokenFile = join(folder, "token");
    let token = await createToken(consul);
    await writeFile(tokenFile, token.SecretID);
    await using piloted = await createPiloted({
      config: {
        consul: { address: consul.url, tokenFile },
        watches: [{ name: "web" }],
      },
      signals: false,
      env: {},
    });
    const troubles = troublesOf(piloted);
    for (let round = 0; round < 2; round++) {
      const next = await createToken(consul);
      await writeFile(tokenFile, next.SecretID);
      await consul.request(`/v1/acl/token/${token.AccessorID}`, { method: "DELETE" });
      await seesChange(piloted, consul, 81 + round);
      token = next;
    }
    assertEquals(troubles, []);
  }));

test("a login at the auth method of Kubernetes gives a token, which close() destroys", {
  skip,
  timeout: 60_000,
}, () =>
  withAcl(async (consul, folder) => {
    await using kubernetes = await startFakeKubernetes();
    await consul.put("/v1/acl/auth-method", {
      Name: "k8s",
      Type: "kubernetes",
      MaxTokenTTL: "60s",
      Config: {
        Host: kubernetes.url,
        CACert: kubernetes.ca,
        ServiceAccountJWT: fakeJwt("reviewer"),
      },
    });
    await consul.put("/v1/acl/role", { Name: "reader", Policies: [{ Name: "reader" }] });
    await consul.put("/v1/acl/binding-rule", {
      AuthMethod: "k8s",
      BindType: "role",
      BindName: "reader",
    });
    const bearerTokenFile = join(folder, "bearer");
    const jwt = fakeJwt("web");
    await writeFile(bearerTokenFile, jwt);
    const create = () =>
      createPiloted({
        config: {
          consul: { address: consul.url, login: { method: "k8s", bearerTokenFile } },
          watches: [{ name: "web" }],
        },
        signals: false,
        env: {},
      });
    const refused = await create().then(() => undefined, (error: Error) => error);
    assertStringIncludes(refused!.message, 'with auth method "k8s": received ');
    assert(!refused!.message.includes(jwt));
    kubernetes.accepted.add(jwt);
    const piloted = await create();
    const troubles = troublesOf(piloted);
    await seesChange(piloted, consul, 81);
    const tokens = async () =>
      (await consul.get<{ AuthMethod?: string; Description: string }[]>("/v1/acl/tokens"))
        .filter(({ AuthMethod }) => AuthMethod === "k8s");
    assertEquals((await tokens()).length, 1);
    await piloted.close();
    assertEquals(troubles.filter((trouble) => !trouble.startsWith("closed")), []);
    assertEquals(await tokens(), []);
  }));

test(
  "an agent that listens on a unix socket is read through it",
  { skip, timeout: 60_000 },
  () =>
    withTemporaryFolder(async (folder) => {
      const socket = join(folder, "consul.sock");
      await using consul = await startConsul({
        config: { addresses: { http: `127.0.0.1 unix://${socket}` } },
      });
      await register(consul, 80);
      await using piloted = await createPiloted({
        config: { consul: `unix://${socket}`, watches: [{ name: "web" }] },
        signals: false,
        env: {},
      });
      const troubles = troublesOf(piloted);
      assertEquals(piloted.status().registry, `unix://${socket}`);
      await seesChange(piloted, consul, 81);
      assertEquals(troubles, []);
    }),
);
