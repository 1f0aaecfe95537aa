import { assertEquals, assertThrows } from "@std/assert";
import { parseServeArgs, SERVE_HELP } from "../../src/cli/serve_options.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { test } from "../support/test.ts";

test("parseServeArgs() has defaults and takes every option", () => {
  assertEquals(parseServeArgs([]), {
    host: "127.0.0.1",
    port: 8080,
    socket: undefined,
    config: undefined,
    dev: false,
    tokenFile: undefined,
    cors: [],
    allowedHosts: [],
    maxConnections: undefined,
    graceMs: 10_000,
    readyWithout: [],
    accessLog: false,
    register: undefined,
  });
  const args = ["--config=a.json5", "--host", "::1", "--port", "0", "--token-file", "t"];
  const more = ["--cors", "https://a", "--cors", "https://b", "--grace", "0.5", "--access-log"];
  const without = ["--ready-without", "a", "--ready-without=b"];
  const hosts = [
    "--allowed-hosts",
    "discovery.internal, localhost:8080",
    "--allowed-hosts",
    "[::1]",
  ];
  assertEquals(
    parseServeArgs([...args, ...more, ...hosts, ...without, "--max-connections", "500"]),
    {
      host: "::1",
      port: 0,
      socket: undefined,
      config: "a.json5",
      dev: false,
      tokenFile: "t",
      cors: ["https://a", "https://b"],
      allowedHosts: ["discovery.internal", "localhost:8080", "[::1]"],
      maxConnections: 500,
      graceMs: 500,
      readyWithout: ["a", "b"],
      accessLog: true,
      register: undefined,
    },
  );
  for (const help of ["--help", "-h"]) assertEquals(parseServeArgs([help]), "help");
});

test("parseServeArgs() suggests the option that was meant", () => {
  const cases: [string, string][] = [
    ["--prot", "Cannot use --prot: there is no such option. Did you mean --port?"],
    ["--acces-log", "Did you mean --access-log?"],
    ["--token=secret", "Did you mean --token-file?"],
    ["--nonsense", "Cannot use --nonsense: there is no such option"],
  ];
  for (const [arg, text] of cases) {
    const error = assertThrows(() => parseServeArgs([arg]), UsageError, text);
    assertEquals(error.message.includes("secret"), false);
  }
});

test("parseServeArgs() refuses values that cannot work", () => {
  const cases: [string[], string][] = [
    [["--port", "65536"], "received 65536"],
    [["--port", "-1"], "--port"],
    [["--grace", "soon"], "received soon"],
    [["--host", ""], "--host is empty"],
    [["--dev", "--config", "a"], "--config with --dev"],
    [["--ready-without", ""], "--ready-without"],
    [["stray"], "stray"],
    [["--max-connections", "0"], "received 0"],
    [["--max-connections", "1e3"], "received 1e3"],
    [["--allowed-hosts", ""], "--allowed-hosts"],
    [["--allowed-hosts", "a,http://b"], "received http://b"],
  ];
  for (const [args, text] of cases) {
    assertThrows(() => parseServeArgs(args), UsageError, text);
  }
});

test("--help lists every option that there is", () => {
  for (const option of ["config", "host", "port", "token-file", "cors", "grace", "access-log"]) {
    assertEquals(SERVE_HELP.includes(`--${option} `), true, option);
  }
});

test("parseServeArgs(): --register registers as piloted, or under --register-name", () => {
  const registered = (args: string[]) => (parseServeArgs(args) as { register?: string }).register;
  assertEquals(registered(["--register"]), "piloted");
  assertEquals(registered(["--register", "--register-name", "lookup"]), "lookup");
  assertThrows(() => parseServeArgs(["--register-name", "x"]), UsageError, "without --register");
  assertThrows(() => parseServeArgs(["--register", "--register-name", ""]), UsageError, "is empty");
});

test("parseServeArgs() takes a socket in place of host and port", () => {
  const { socket } = parseServeArgs(["--socket", "/run/piloted.sock"]) as { socket: string };
  assertEquals(socket, "/run/piloted.sock");
  for (const other of ["--port=1", "--host=::1", "--register"]) {
    const args = ["--socket", "/run/piloted.sock", other];
    assertThrows(() => parseServeArgs(args), UsageError, "with --socket");
  }
  assertThrows(() => parseServeArgs(["--socket", ""]), UsageError, "--socket is empty");
});
