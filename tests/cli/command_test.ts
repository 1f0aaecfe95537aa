import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EXIT_CODES, exitCodeOf, signalExitCode } from "../../src/cli/exit_codes.ts";
import { EXAMPLES } from "../../src/cli/help_text.ts";
import { parseCount, parsePort, parseTime } from "../../src/cli/option_values.ts";
import { wantsColors } from "../../src/cli/output.ts";
import { serveOptionTexts } from "../../src/cli/serve_options.ts";
import { splitCommandLine } from "../../src/cli/split_command_line.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { VERSION } from "../../src/cli/version.ts";
import { PilotedError } from "../../src/errors.ts";
import { ROOT } from "../architecture/project.ts";
import { test } from "../support/test.ts";
import { runCommand, runHere, send, startCommand, withConsul } from "./command.ts";

test("splitCommandLine() splits at the first -- alone", () => {
  assertEquals(splitCommandLine(["wait", "a"]), { args: ["wait", "a"], command: undefined });
  assertEquals(splitCommandLine(["wait", "--", "x", "--", "-y"]), {
    args: ["wait"],
    command: ["x", "--", "-y"],
  });
  assertEquals(splitCommandLine(["--"]), { args: [], command: [] });
});

test("exitCodeOf() follows the table, and knows no code for a bug", () => {
  assertEquals(exitCodeOf(new UsageError("x")), 2);
  assertEquals(exitCodeOf(new PilotedError("NO_ENDPOINTS", "x")), 3);
  assertEquals(exitCodeOf(new PilotedError("CONFIG_INVALID", "x")), 4);
  assertEquals(exitCodeOf(new PilotedError("REGISTRY_DENIED", "x")), 5);
  assertEquals(exitCodeOf(new PilotedError("LOAD_FAILED", "x")), 1);
  assertEquals(exitCodeOf(new TypeError("x")), undefined);
  assertEquals([signalExitCode("SIGTERM"), signalExitCode("SIGKILL")], [143, 137]);
});

test("wantsColors() knows NO_COLOR, FORCE_COLOR and dumb terminals", () => {
  assertEquals(wantsColors(true, {}), true);
  assertEquals(wantsColors(false, {}), false);
  assertEquals(wantsColors(true, { NO_COLOR: "1" }), false);
  assertEquals(wantsColors(true, { NO_COLOR: "" }), true);
  assertEquals(wantsColors(false, { FORCE_COLOR: "1" }), true);
  assertEquals(wantsColors(true, { FORCE_COLOR: "0" }), false);
  assertEquals(wantsColors(true, { NO_COLOR: "1", FORCE_COLOR: "1" }), false);
  assertEquals(wantsColors(true, { TERM: "dumb" }), false);
});

test("parseTime() takes seconds and durations, parseCount() and parsePort() whole numbers", () => {
  assertEquals(["30", "0.5", "1m30s", "0"].map(parseTime("--ttl")), [30_000, 500, 90_000, 0]);
  assertEquals(parseCount("3"), 3);
  for (const text of ["", "-1", "soon", "1 s", "-1s"]) {
    assert(throwsUsage(() => parseTime("--ttl")(text)), text);
  }
  for (const text of ["0", "-1", "1.5", "x"]) assert(throwsUsage(() => parseCount(text)), text);
  assertEquals(parsePort("65535"), 65_535);
  for (const text of ["0", "65536", "http", "80.5", ""]) {
    assert(throwsUsage(() => parsePort(text)), text);
  }
});

function throwsUsage(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return error instanceof UsageError;
  }
}

test("piloted --version is the version of the manifests", async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  assertEquals(VERSION, version);
  assertEquals((await runCommand(["--version"])).stdout, `${version}\n`);
});

test("piloted --help lists every command, exit code and example", async () => {
  const { code, stdout, stderr } = await runHere(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  for (const name of ["lookup", "watch", "wait", "check", "render", "serve", "register", "exec"]) {
    assertMatch(stdout, new RegExp(`^  ${name} `, "m"));
    const help = await runHere([name, "--help"]);
    assertEquals([help.code, help.stderr], [0, ""]);
    for (const example of EXAMPLES[name]!) assertStringIncludes(help.stdout, example);
  }
  for (const [number, meaning] of EXIT_CODES) {
    assertStringIncludes(stdout, `${number.padEnd(6)} ${meaning}`);
  }
});

test("docs/command.md has the table of exit codes", async () => {
  const text = await readFile(join(ROOT, "docs/command.md"), "utf8");
  for (const [code, meaning] of EXIT_CODES) assertStringIncludes(text, `| ${code} | ${meaning} |`);
});

test("serveOptionTexts() has every option of the help", () => {
  const flags = serveOptionTexts().map(([text]) => text);
  for (const flag of ["--config <file>", "--port <number>", "--dev", "--cors <origin>"]) {
    assert(flags.includes(flag), flag);
  }
});

test("piloted complete completes commands, options and the services of the file", () =>
  withConsul(async ({ file }) => {
    const complete = async (...words: string[]) => {
      const { stdout } = await runCommand(["complete", "--", ...words], { CONTAINERPILOT: file });
      return stdout.split("\n").map((line) => line.split("\t")[0]);
    };
    assert((await complete("serve", "--po")).includes("--port"));
    const names = await complete("wait", "customers", "ord");
    assertEquals(names.filter((word) => word === "orders").length, 1);
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await runCommand(["complete", shell]);
      assertEquals(code, 0);
      assertStringIncludes(stdout, "piloted complete --");
    }
  }));

test("piloted serve serves like serve.ts", async () => {
  const serve = await startCommand(["serve", "--dev", "--port", "0"]);
  try {
    const [, url] = await serve.waitFor(/^Listening on (\S+)$/m);
    const response = await fetch(`${url}/v1/services/customers/endpoint`);
    assertEquals(response.status, 200);
    await response.body?.cancel();
    send(serve, "SIGTERM");
    assertEquals(await serve.exited, { code: 0, signal: null });
  } finally {
    await serve.stop();
  }
});
