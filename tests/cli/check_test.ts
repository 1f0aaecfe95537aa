import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "../support/test.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { runCommand, runHere, withConsul } from "./command.ts";

test("piloted check reports warnings with their place, every watch, and that Consul responds", () =>
  withConsul(async ({ consul, address, file }) => {
    consul.register({ name: "customers", address: "10.0.0.1", port: 80 });
    const text = `{
  consul: "${address}",
  watches: [{ name: "customers", interval: 5 }],
  wotches: [],
}`;
    await writeFile(file, text);
    const { code, stdout, stderr } = await runHere(["check", file]);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, `${file}:4:3: warning: wotches is not a known key`);
    assertStringIncludes(
      stdout,
      `${file}: valid, 1 watch, 0 jobs, 0 services to register, 1 warning\n`,
    );
    assertStringIncludes(stdout, "customers: 1 endpoint\n");
    assertStringIncludes(stdout, `http://${address}: responds\n`);
    assertEquals((await runHere(["check", "--strict", file])).code, 4);
  }));

test("piloted check names what ContainerPilot 3.8 or piloted exec would refuse, and accepts the file", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    const check = async (text: string, env: Record<string, string> = {}) => {
      await writeFile(file, text);
      const { code, stdout } = await runCommand(["check", "--offline", file], env);
      assertEquals(code, 0);
      return stdout.split("\n").slice(0, -2).map((line) => line.replace(file, ""));
    };
    assertEquals(
      await check(`\uFEFF{ consul: "c:1", // {{ .ODD }}\n watches: [{ name: "web" }] }`, {
        ODD: "c:1=d",
      }),
      [
        ": warning: begins with a byte order mark: ContainerPilot 3.8 refuses the file",
        ': warning: $ODD contains "=": ContainerPilot 3.8 reads it up to there only',
        ":2:12: warning: watches[0] has no interval: ContainerPilot 3.8 refuses the file",
      ],
    );
    const job = `{ name: "app", port: 80, health: { interval: "5s", ttl: 10 } }`;
    const [refused] = await check(`{ consul: "c:1", jobs: [${job}] }`);
    assertMatch(refused!, /^: warning: piloted exec and ContainerPilot 3\.8 refuse it: .*interval/);
  }));

test("piloted check exits with 4 for an invalid file and 5 when Consul does not respond", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    await writeFile(file, `{ consul: "127.0.0.1:9", watches: [{ name: "app", interval: 0 }] }`);
    const invalid = await runHere(["check", file]);
    assertEquals([invalid.code, invalid.stdout], [4, ""]);
    assertMatch(invalid.stderr, /^Error: .*interval/);

    await writeFile(file, `{ consul: "127.0.0.1:9", watches: [{ name: "app", interval: 1 }] }`);
    const alone = await runHere(["check", file]);
    assertEquals(alone.code, 5);
    assertStringIncludes(alone.stdout, "http://127.0.0.1:9: Cannot read service");
    assertEquals((await runHere(["check", "--offline", file])).code, 0);
  }));

test("piloted render prints the rendered template as it is, or writes it with -o", () =>
  withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    const written = join(folder, "out.json5");
    await writeFile(file, `{ consul: "{{ .HOST | default "local" }}:8500" } // {{ .UNSET }}`);
    const result = await runCommand(["render", file], { HOST: "consul" });
    assertEquals(result, {
      code: 0,
      signal: null,
      stdout: `{ consul: "consul:8500" } // `,
      stderr: "",
    });
    assertEquals((await runHere(["render", "-o", written, file])).stdout, "");
    assertEquals(await readFile(written, "utf8"), `{ consul: "local:8500" } // `);
    assertEquals((await stat(written)).mode & 0o777, 0o644);
    const strict = await runHere(["render", "--strict", file]);
    assertEquals(strict.code, 4);
    assertStringIncludes(strict.stderr, "UNSET");
  }));
