/** ContainerPilot's own command line. */
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commandArguments } from "../../src/cli/command_arguments.ts";
import { parseContainerPilotFlags } from "../../src/cli/containerpilot_flags.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { currentRuntime, startScript } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { builtCommand } from "./built_command.ts";
import { runCommand, send, startCommand } from "./command.ts";

test("parseContainerPilotFlags() reads flags as Go does", () => {
  const flags = parseContainerPilotFlags([
    "-config",
    "a=b",
    "--out=-",
    "-putenv=A=b=c",
    "--putenv",
    "D=",
    "-reload=false",
    "-ping",
    "node",
    "-x",
  ]);
  assertEquals(
    [flags.config, flags.out, flags.putenv, [...flags.set], flags.command],
    ["a=b", "-", { A: "b=c", D: "" }, ["ping"], ["node", "-x"]],
  );
  assertEquals(parseContainerPilotFlags(["--", "-reload"]).command, ["-reload"]);
  for (
    const args of [["-relod"], ["-config"], ["-putenv", "A"], ["-ping=perhaps"], [
      "-putmetric",
      "=1",
    ]]
  ) {
    assertThrows(() => parseContainerPilotFlags(args), UsageError, "Cannot read");
  }
});

test("commandArguments() knows the name containerpilot of a link and of a binary", () => {
  const flags = ["containerpilot", "-ping"];
  assertEquals(commandArguments(["node", "/bin/containerpilot", "-ping"], "node"), flags);
  assertEquals(commandArguments(["bun", "/$bunfs/root/x", "-ping"], "./containerpilot"), flags);
  assertEquals(commandArguments(["node", "/opt/containerpilot/cli.js", "exec"], "node"), ["exec"]);
});

test("containerpilot by a link runs the jobs, whose scripts call it with flags", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    const link = join(folder, currentRuntime === "node" ? "containerpilot.mjs" : "containerpilot");
    const script = await builtCommand();
    // Bun resolves links before it says how it was called.
    if (currentRuntime === "node") await symlink(script, link);
    const config = (more = "") =>
      `{
      consul: "127.0.0.1:9", control: { socket: "${folder}/{{ .NAME }}.socket" },
      jobs: [
        { name: "app", exec: ["sh", "-c", "while :; do sleep 0.05; done"] },
        { name: "env", exec: ["sh", "-c", "echo ADDED=$ADDED"], when: { interval: "200ms" } },
        { name: "enter", exec: "echo entered", when: { each: "enterMaintenance" } },
        { name: "exit", exec: "echo left", when: { each: "exitMaintenance" } },
        ${more}
      ] }`;
    await writeFile(file, config());
    const env = { CONTAINERPILOT: file, NAME: "cp" };
    const call = (...args: string[]) => runCommand(["containerpilot", ...args], env);
    const nobody = await call("-ping");
    assertEquals(nobody.code, 1);
    assertStringIncludes(nobody.stderr, "nobody listens there");
    const child = currentRuntime === "node"
      ? await startScript(currentRuntime, link, [], { env: { ...env, NO_COLOR: "1" } })
      : await startCommand(["containerpilot"], env);
    try {
      await child.waitFor(/ADDED=\n/);
      assertEquals((await call("-ping")).stdout, "ok\n");
      assertEquals((await call("-putenv", "ADDED=a b")).code, 0);
      await child.waitFor(/ADDED=a b/);
      assertEquals((await call("-maintenance", "enable")).code, 0);
      await child.waitFor(/entered/);
      assertEquals((await call("-maintenance=disable")).code, 0);
      await child.waitFor(/left/);
      assertEquals((await call("-maintenance", "perhaps")).code, 2);
      await writeFile(file, config(`{ name: "new", exec: "echo new {{ .ADDED }}" }`));
      assertEquals((await call("-reload")).code, 0);
      // What -putenv has set counts in the template, too.
      await child.waitFor(/new a b/);
      await writeFile(file, "{");
      assertEquals((await call("-reload")).code, 4);
    } finally {
      send(child, "SIGTERM");
      await child.exited;
    }
  }));

test("containerpilot prints its version and renders the configuration", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    await writeFile(file, `{ consul: "{{ .HOST }}:8500" }`);
    const env = { HOST: "c" };
    assertMatch((await runCommand(["containerpilot", "-version"])).stdout, /^Version: \d/);
    const args = ["containerpilot", "-config", file, "-template"];
    assertEquals((await runCommand(args, env)).stdout, `{ consul: "c:8500" }`);
    assertEquals((await runCommand([...args, "-out", join(folder, "out")], env)).code, 0);
    assertEquals(await readFile(join(folder, "out"), "utf8"), `{ consul: "c:8500" }`);
    assertStringIncludes((await runCommand(["containerpilot", "-help"])).stdout, "-putmetric");
    const program = ["containerpilot", "-config", file, "sh", "-c", "exit 5"];
    assertEquals((await runCommand(program, env)).code, 5);
  }));
