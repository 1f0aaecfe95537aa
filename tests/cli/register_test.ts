import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createServer } from "node:net";
import { createProbe } from "../../src/cli/health_probes.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { runHere, send, startCommand, withConsul } from "./command.ts";

interface Entry {
  Service: { ID: string; Address: string; Port: number; Tags: string[]; Meta: object };
  Checks: { CheckID: string; Status: string; Output: string }[];
}

async function instances(consul: EmbeddedConsul, name: string): Promise<Entry[]> {
  return await (await consul.fetch(`http://consul/v1/health/service/${name}`)).json();
}

async function statusOf(consul: EmbeddedConsul, name: string): Promise<string | undefined> {
  const [entry] = await instances(consul, name);
  return entry?.Checks.find(({ CheckID }) => CheckID.startsWith("service:"))?.Status;
}

test("piloted register keeps a service registered until SIGTERM, and prints its id when it is found", () =>
  withConsul(async ({ consul, address }) => {
    const args = ["register", "web", "--port", "8080", "--address", "10.0.0.9", "--id", "web-1"];
    const more = ["--tag", "a", "--tag", "b", "--meta", "version=2=x", "--drain", "0"];
    const child = await startCommand([...args, ...more, "--consul", address]);
    await waitUntil(() => child.stdout() === "web-1\n", 30_000);
    const [{ Service }] = await instances(consul, "web") as [Entry];
    const { ID, Address, Port, Tags, Meta } = Service;
    assertEquals([ID, Address, Port, Tags], ["web-1", "10.0.0.9", 8080, ["a", "b"]]);
    assertEquals(Meta, { version: "2=x" });
    assertEquals(await statusOf(consul, "web"), "passing");

    send(child, "SIGTERM");
    assertEquals(await child.exited, { code: 0, signal: null });
    assertEquals(await instances(consul, "web"), []);
    assertMatch(child.stderr(), /^web \(web-1\): registered$/m);
  }));

test("piloted register reports what its checks find, and recovers", () =>
  withConsul(async ({ consul, file }) => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const args = ["register", "db", "-p", "5432", "--check-tcp", `${port}`, "--interval", "0.1"];
    const child = await startCommand([...args, "--ttl", "30", "--drain", "0"], {
      CONTAINERPILOT: file,
    });
    await waitUntil(async () => await statusOf(consul, "db") === "passing", 30_000);
    await new Promise((resolve) => server.close(resolve));
    await waitUntil(async () => await statusOf(consul, "db") === "critical", 30_000);
    const [entry] = await instances(consul, "db") as [Entry];
    const output = entry.Checks.find(({ CheckID }) => CheckID.startsWith("service:"))?.Output;
    assertStringIncludes(output ?? "", `connect to ${port}: the connection was refused`);
    await waitUntil(() => /registered, critical: connect to/.test(child.stderr()), 30_000);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await waitUntil(async () => await statusOf(consul, "db") === "passing", 30_000);
    send(child, "SIGINT");
    assertEquals((await child.exited).code, 0);
    await new Promise((resolve) => server.close(resolve));
  }));

test("piloted register starts without Consul, and registers when it comes", async () => {
  await using consul = new EmbeddedConsul();
  const first = await consul.listen();
  const { url } = first;
  await first.close();
  const args = [
    "register",
    "late",
    "-p",
    "80",
    "--id",
    "late-1",
    "--interval",
    "0.2",
    "--drain",
    "0",
  ];
  const child = await startCommand([...args, "--consul", url]);
  await waitUntil(() => /^Warning: Cannot register .* refused$/m.test(child.stderr()), 30_000);
  const second = await consul.listen({ port: Number(new URL(url).port) });
  await waitUntil(() => child.stdout() === "late-1\n", 30_000);
  send(child, "SIGTERM");
  assertEquals((await child.exited).code, 0);
  await second.close();
});

test("piloted register refuses what cannot be registered, with the option's name", async () => {
  const cases: [args: string[], text: string][] = [
    [["web"], "required option '-p, --port <number>' not specified"],
    [["web", "-p", "0"], "Cannot use --port: it must be from 1 to 65535, received 0"],
    [["web", "-p", "80", "--meta", "x"], "Cannot use --meta: it must be KEY=VALUE, received x"],
    [["web", "-p", "80", "--check-http", "8080"], "Cannot use --check-http: it must be a URL"],
    [["web", "-p", "80", "--check-tcp", "a b"], "Cannot use --check-tcp: it must be a port"],
    [["web", "-p", "80", "--ttl", "1", "--interval", "2"], "piloted register"],
    [["web", "-p", "80", "--address", "1.2.3.4.5"], "must be an IP address or a host name"],
    [["web", "-p", "80", "--chek-tcp", "80"], "Did you mean --check-tcp?"],
  ];
  for (const [args, text] of cases) {
    const { code, stdout, stderr } = await runHere([
      "register",
      ...args,
      "--consul",
      "127.0.0.1:9",
    ]);
    assertStringIncludes(stderr, text);
    assertEquals([code, stdout, stderr.split("\n").length], [2, "", 2], args.join(" "));
  }
});

test("createProbe() takes 0 for passing, 1 for a warning and all else for critical, with the output", async () => {
  const { signal } = new AbortController();
  const found = (checkCmd: string) => createProbe({ checkCmd })!(signal);
  assertEquals(await found("true"), undefined);
  assertEquals(await found("echo slow; exit 1"), { status: "warning", output: "exit 1: slow" });
  assertEquals(await found("echo no >&2; exit 2"), { status: "critical", output: "exit 2: no" });
  assertEquals(await found("kill -9 $$"), { status: "critical", output: "killed by SIGKILL" });
});

test("createProbe() ends a command with all that it started when the time is up", async () => {
  const stop = new AbortController();
  const result = createProbe({ checkCmd: "sleep 600 & echo $! ; wait" })!(stop.signal);
  stop.abort(new Error("late"));
  const outcome = await result.then(() => "done", (error) => error.message);
  assertEquals(outcome, "late");
});

test("createProbe() reports the worst of several checks", async () => {
  const { signal } = new AbortController();
  await using consul = new EmbeddedConsul();
  const server = await consul.listen();
  const missing = `${server.url}/v1/nothing`;
  const leader = `${server.url}/v1/status/leader`;
  const worst = await createProbe({ checkHttp: missing, checkCmd: "exit 1" })!(signal);
  assertEquals((worst as { output: string }).output, `GET ${missing}: 404 Not Found`);
  const warning = await createProbe({ checkHttp: leader, checkCmd: "exit 1" })!(signal);
  assertEquals(warning, { status: "warning", output: "exit 1" });
  assertEquals(await createProbe({ checkHttp: leader, checkCmd: "true" })!(signal), undefined);
  await server.close();
  const refused = createProbe({ checkHttp: leader })!(signal);
  const text = await refused.then(() => "", (error) => error.message);
  assertEquals(text, `GET ${leader}: the connection was refused`);
  assertEquals(createProbe({}), undefined);
  try {
    createProbe({ checkTcp: "[::1:80" });
    assert(false);
  } catch (error) {
    assert(error instanceof UsageError);
  }
});
