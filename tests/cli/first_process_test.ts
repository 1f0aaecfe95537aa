/** `piloted exec` as the first process of a container, in a PID namespace of its own. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { execFile } from "node:child_process";
import { access, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { ensureTini } from "../../scripts/get_tini.ts";
import { type Child, currentRuntime, runtimeBinary, startProcess } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { builtCommand } from "./built_command.ts";

const NAMESPACE = ["--pid", "--fork", "--kill-child", "--mount-proc", "--"];

const cannot = await promisify(execFile)("unshare", [...NAMESPACE, "true"]).then(
  () => false as const,
  () => "this machine does not let us make PID namespaces",
);
const tini = cannot === false ? await findTini() : undefined;
const skip = cannot || (tini === undefined && "no tini here: run scripts/get_tini.ts");
const isInstalled = await Promise.any(
  ["/sbin/tini", "/usr/bin/tini", "/usr/local/bin/tini"].map((path) => access(path)),
).then(() => true, () => false);

/** In CI nobody would notice skipped tests. */
async function findTini(): Promise<string | undefined> {
  try {
    return await ensureTini();
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return undefined;
  }
}

/** Runs `piloted exec` with one job as process 1. */
async function asFirstProcess(
  script: string,
  path: string,
  run: (child: Child) => Promise<void>,
): Promise<void> {
  const before = currentRuntime === "deno" ? ["run", "-A", "--no-check"] : [];
  const binary = await runtimeBinary(currentRuntime);
  await withTemporaryFolder(async (folder) => {
    const file = join(folder, "app.json5");
    const jobs = [{ name: "app", exec: ["sh", "-c", script] }];
    const control = { socket: join(folder, "socket") };
    await writeFile(file, JSON.stringify({ consul: "127.0.0.1:9", control, jobs }));
    const command = [binary, ...before, await builtCommand(), "exec", file];
    const child = startProcess("unshare", [...NAMESPACE, ...command], { env: { PATH: path } });
    try {
      await run(child);
    } finally {
      await child.stop();
    }
  });
}

const withTini = `${dirname(tini ?? "")}:${process.env.PATH}`;

test(
  "piloted exec as process 1 starts itself below tini, which waits for orphans and passes signals on",
  {
    skip,
  },
  async () => {
    const script = `for i in 1 2 3; do (sh -c 'sleep 0.05 & exit 0'); done; sleep 0.5
    echo "zombies $(cat /proc/[0-9]*/status 2>/dev/null | grep -c '^State:.Z')"
    trap 'echo asked; exit 6' TERM; kill -TERM 1; while :; do sleep 0.05; done`;
    await asFirstProcess(script, withTini, async (child) => {
      const { code } = await child.exited;
      assertMatch(child.stdout(), /zombies 0\n[^]*asked\n/);
      assertEquals([code, child.stderr()], [6, ""]);
    });
  },
);

test("piloted exec as process 1 without tini says so, and works", {
  skip: skip || (isInstalled && "this machine has tini"),
}, async () => {
  const path = (process.env.PATH ?? "").split(":").filter((each) => !each.includes("tini"));
  await asFirstProcess("kill -TERM 1; sleep 60", path.join(":"), async (child) => {
    assertEquals((await child.exited).code, 143);
    assertStringIncludes(child.stderr(), "there is no tini");
  });
});

test("SIGKILL of piloted below tini ends the container with everything in it", {
  skip,
}, async () => {
  // It ends itself like the process of a container that runs out of memory.
  const script = `sleep 98765 & echo started; kill -KILL $CONTAINERPILOT_PID; wait`;
  await asFirstProcess(script, withTini, async (child) => {
    assertEquals((await child.exited).code, 137);
    await waitUntil(async () => !(await commandLines()).includes("sleep\0" + "98765\0"));
  });
});

async function commandLines(): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")),
  );
}
