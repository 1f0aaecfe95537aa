// Runs on Bun alone, as its name says: Bun has a terminal built in, which drives all three runtimes.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { join } from "node:path";
import { buildBinary } from "../../scripts/build_binary.ts";
import { ROOT } from "../architecture/project.ts";
import { runtimeBinary, type RuntimeName } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { withConsul } from "./command.ts";

interface Terminal {
  write(text: string): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

interface TerminalProcess {
  readonly terminal: Terminal;
  readonly exited: Promise<number>;
  readonly exitCode: number | null;
  kill(signal: string): void;
}

// What is used of Bun here: the tests are checked with Node's types.
const bun = (globalThis as unknown as {
  Bun: { spawn(command: string[], options: Record<string, unknown>): TerminalProcess };
}).Bun;

const BEFORE: Record<RuntimeName, string[]> = {
  deno: ["run", "-A", "--no-check"],
  bun: [],
  node: ["--import", "tsx"],
};

async function inTerminal(
  command: readonly string[],
  run: (child: TerminalProcess, shown: () => string) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  let shown = "";
  const decoder = new TextDecoder();
  const { NO_COLOR: _, ...inherited } = process.env;
  const child = bun.spawn([...command], {
    cwd: ROOT,
    env: { ...inherited, TERM: "xterm-256color", ...env },
    terminal: {
      cols: 100,
      rows: 20,
      data: (_: unknown, bytes: Uint8Array) => shown += decoder.decode(bytes, { stream: true }),
    },
  });
  try {
    await run(child, () => shown);
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
    await child.exited;
    child.terminal.close();
  }
}

for (const runtime of ["deno", "bun", "node"] as const) {
  const command = async (...args: string[]) => [
    await runtimeBinary(runtime),
    ...BEFORE[runtime],
    "cli.ts",
    ...args,
  ];

  test(`piloted watch in a terminal on ${runtime}: a table with colors that Ctrl-C ends`, () =>
    withConsul(async ({ consul, address }) => {
      consul.register({ name: "db", id: "db-1", address: "10.0.0.1", port: 5432, tags: ["one"] });
      const watch = await command("watch", "db", "--consul", address);
      await inTerminal(watch, async (child, shown) => {
        await waitUntil(() => shown().includes("10.0.0.1:5432"));
        assertStringIncludes(shown(), "\x1b[1mSERVICE");
        assertStringIncludes(shown(), "\x1b[32mdb");
        consul.register({ name: "db", id: "db-2", address: "10.0.0.2", port: 5432 });
        await waitUntil(() => shown().includes("10.0.0.2:5432"));
        // The old lines are written over.
        assertStringIncludes(shown(), "\x1b[2A\r\x1b[J");
        child.terminal.write("\x03");
        assertEquals(await child.exited, 0);
      });
    }));

  test(`piloted wait in a terminal on ${runtime}: progress, and a program that Ctrl-C reaches once`, () =>
    withConsul(async ({ consul, address }) => {
      const script = `n=0; trap 'n=$((n+1)); echo "INT $n"' INT; trap 'exit 3' TERM; echo ready
        i=0; while [ $i -lt 600 ]; do sleep 0.05; i=$((i+1)); done`;
      const wait = await command("wait", "db", "--consul", address, "--", "sh", "-c", script);
      await inTerminal(wait, async (child, shown) => {
        await waitUntil(() => shown().includes("Waiting for db 0/1"));
        consul.register({ name: "db", address: "10.0.0.1", port: 5432 });
        await waitUntil(() => shown().includes("ready"));
        child.terminal.write("\x03");
        await waitUntil(() => shown().includes("INT 1"));
        await new Promise((resolve) => setTimeout(resolve, 300));
        assertEquals(shown().includes("INT 2"), false);
        assertEquals(child.exitCode, null);
        child.kill("SIGTERM");
        assertEquals(await child.exited, 3);
      });
    }));

  test(`piloted in a terminal on ${runtime}: NO_COLOR, and an error in red`, async () => {
    await inTerminal(await command("lokup"), async (child, shown) => {
      assertEquals(await child.exited, 2);
      await waitUntil(() => shown().includes("See piloted"));
      assertStringIncludes(shown(), "\x1b[31mError:");
    });
    await inTerminal(await command("lokup"), async (child, shown) => {
      assertEquals(await child.exited, 2);
      await waitUntil(() => shown().includes("See piloted"));
      // Deno clears its own progress; colors are what must not be there.
      // deno-lint-ignore no-control-regex
      assertEquals(/\x1b\[[\d;]*m/.test(shown()), false);
    }, { NO_COLOR: "1" });
  });
}

test("piloted complete bash completes in a bash without bash-completion, also when it is sourced twice", () =>
  withTemporaryFolder((folder) =>
    withConsul(async ({ file }) => {
      const bun = await runtimeBinary("bun");
      const program = join(folder, "piloted");
      await writeFile(program, `#!/bin/sh\nexec ${bun} ${join(ROOT, "cli.ts")} "$@"\n`, {
        mode: 0o755,
      });
      const env = { PATH: `${folder}:${process.env.PATH}`, CONTAINERPILOT: file, PS1: "$ " };
      await inTerminal(["bash", "--norc", "-i"], async ({ terminal }, shown) => {
        const source = "source <(piloted complete bash)";
        terminal.write(`${source}; ${source}; echo read\y\n`);
        await waitUntil(() => shown().includes("ready\r\n"));
        assertEquals(/not found|readonly/.test(shown()), false, shown());
        terminal.write("piloted lookup cus\t");
        await waitUntil(() => shown().includes("lookup customers "));
        terminal.write("\x15piloted wait --ti\t");
        await waitUntil(() => shown().includes("wait --timeout "));
      }, env);
    })
  ));

test("deno task build:binary makes one file that needs no runtime", () =>
  withTemporaryFolder((folder) =>
    withConsul(async ({ consul, address }) => {
      consul.register({ name: "db", address: "10.0.0.1", port: 5432 });
      const file = join(folder, "piloted");
      await buildBinary(file);
      await inTerminal([file, "lookup", "db", "--consul", address], async (child, shown) => {
        assertEquals(await child.exited, 0);
        await waitUntil(() => shown().includes("\n"));
        assertMatch(shown(), /^10\.0\.0\.1:5432\r\n$/);
      }, { PATH: "/nowhere" });
      await inTerminal([file, "--help"], async (child, shown) => {
        assertEquals(await child.exited, 0);
        await waitUntil(() => shown().includes("FORCE_COLOR"));
        assert(shown().includes("lookup"));
      });
    })
  ));
