import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { test } from "../support/test.ts";
import { jsonLines, runCommand, runHere, withConsul } from "./command.ts";

test("piloted lookup prints host:port alone, and every endpoint with --all", () =>
  withConsul(async ({ consul, file }) => {
    consul.register({ name: "customers", id: "c1", address: "10.0.0.1", port: 8080 });
    const one = await runCommand(["lookup", "customers", "--config", file]);
    assertEquals(one, { code: 0, signal: null, stdout: "10.0.0.1:8080\n", stderr: "" });

    consul.register({ name: "customers", id: "c2", address: "2001:db8::2", port: 80 });
    const all = await runCommand(["lookup", "--all", "customers"], { CONTAINERPILOT: file });
    assertEquals(all.stdout.trim().split("\n").sort(), ["10.0.0.1:8080", "[2001:db8::2]:80"]);
  }));

test("piloted lookup --port-name prints a port by its name", () =>
  withConsul(async ({ consul, address }) => {
    const ports = { http: 8080, gRPC: 9090 };
    consul.register({ name: "customers", id: "c1", address: "10.0.0.1", ports });
    consul.register({ name: "customers", id: "c2", address: "10.0.0.2", ports });
    consul.register({ name: "customers", id: "c3", address: "10.0.0.3", port: 80 });
    const args = ["lookup", "customers", "--consul", address];
    for (let i = 0; i < 5; i++) {
      const { stdout, stderr } = await runHere([...args, "--port-name", "grpc"]);
      assertEquals(stderr, "");
      assertMatch(stdout, /^10\.0\.0\.[12]:9090\n$/);
    }
    const all = await runHere([...args, "--all", "--port-name", "grpc"]);
    assertEquals(all.stdout.trim().split("\n").sort(), ["10.0.0.1:9090", "10.0.0.2:9090"]);
    const json = await runHere([...args, "--json", "--port-name", "http"]);
    assertEquals([jsonLines(json.stdout)[0]!.port, json.code], [8080, 0]);
    const none = await runHere([...args, "--port-name", "admin"]);
    assertEquals([none.code, none.stdout], [3, ""]);
    assertStringIncludes(
      none.stderr,
      'Cannot find an endpoint of "customers": no instance has a port "admin"; its ports are "http", "gRPC"',
    );
  }, { version: "1.22" }));

test("piloted lookup --json prints a version and every field", () =>
  withConsul(async ({ consul, address }) => {
    consul.register({ name: "db", id: "d1", address: "10.0.0.1", port: 5432, tags: ["primary"] });
    consul.register({ name: "db", id: "d2", address: "10.0.0.2", port: 5432, tags: ["replica"] });
    // No file at all, and a tag.
    const args = ["lookup", "db", "--json", "--consul", address, "--tag", "replica"];
    const { stdout, stderr } = await runCommand(args);
    const [line, ...others] = jsonLines(stdout);
    assertEquals([others, stderr], [[], ""]);
    const { version, service, id, host, port, tags, status } = line!;
    assertEquals({ version, service, id, host, port, tags, status }, {
      version: 1,
      service: "db",
      id: "d2",
      host: "10.0.0.2:5432",
      port: 5432,
      tags: ["replica"],
      status: "passing",
    });
  }));

test("piloted lookup exits with 3 and a hint when there is no endpoint", () =>
  withConsul(async ({ file }) => {
    const { code, stdout, stderr } = await runHere(["lookup", "custmers", "-c", file]);
    assertEquals([code, stdout], [3, ""]);
    assertMatch(
      stderr,
      /^Error: Cannot find an endpoint of "custmers": .*Did you mean customers\?\n$/,
    );
  }));

test("piloted lookup tells a missing service from a Consul that is not there", async () => {
  const { code, stdout, stderr } = await runHere(["lookup", "db", "--consul", "127.0.0.1:9"]);
  assertEquals([code, stdout], [5, ""]);
  assertMatch(
    stderr,
    /^Error: Cannot read service "db" from Consul at http:\/\/127\.0\.0\.1:9: .*\n$/,
  );
});

test("piloted prints errors in one line with the remedy, and nothing to standard output", async () => {
  const cases: [args: string[], code: number, text: string][] = [
    [[], 2, "name a command. See piloted --help"],
    [["lokup", "x"], 2, "unknown command 'lokup'. Did you mean lookup? See piloted --help"],
    [["lookup", "--jsn", "x"], 2, "Did you mean --json? See piloted lookup --help"],
    [["lookup"], 2, "missing required argument 'name'"],
    [["wait", "a", "--"], 2, "nothing follows --"],
    [["wait", "--timeout", "soon", "a"], 2, "received soon"],
    [["check"], 2, "set $CONTAINERPILOT"],
    [["render", "/no/such/file"], 4, "Cannot read /no/such/file"],
    [["check", "/no/such/file"], 4, "there is no such file"],
    [["complete", "tcsh"], 2, "one of bash, zsh, fish"],
  ];
  for (const [args, code, text] of cases) {
    const result = await runHere(args);
    assertStringIncludes(result.stderr, text);
    assertEquals([result.code, result.stdout], [code, ""], args.join(" "));
  }
});
