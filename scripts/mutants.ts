/**
 * Breaks the code on purpose, one place at a time, and reports which breaks no test notices.
 *
 *     deno task mutants [room]... [--only number]... [--short]
 *
 * `--short` runs every fifth mutant of each list, and looks for the text of all of them.
 *
 * The lists are in `tests/mutants/ROOM.ts`, each with the tests that have to fail. Every mutant is
 * applied to a temporary copy of the project, never to the working tree. Exits with 1 when a mutant
 * survives, or when the text that it replaces is no longer in its file exactly once.
 *
 * @module
 */
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Mutant } from "../tests/mutants/mutant.ts";
import { runCommand } from "./run_command.ts";
import { sideBySide } from "./side_by_side.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const DOORS = ["mod.ts", "cli.ts", "serve.ts"];
const COPIED = ["src", "tests", "bench", "examples", "scripts", "types", ...DOORS];
const SETTINGS = ["package.json", "tsconfig.json", "deno.json", "bunfig.toml"];
const SHORT_STEP = 5;
// Most of the time of a test is waiting.
const LANES = 4;
/** A mutant may make a test wait forever, which counts as a failure. */
const LIMIT_MS = 45_000;

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string", multiple: true }, short: { type: "boolean" } },
  });
  const rooms = (await readdir(join(ROOT, "tests/mutants"))).filter((name) => name !== "mutant.ts")
    .map((name) => name.replace(/\.ts$/, "")).sort();
  const unknown = positionals.find((room) => !rooms.includes(room));
  if (unknown !== undefined) {
    throw new Error(`Cannot find mutants of ${unknown}: there are lists for ${rooms.join(", ")}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "piloted-mutants-"));
  try {
    const copies = await Promise.all(
      Array.from({ length: LANES }, (_, lane) => copyProject(join(folder, String(lane)))),
    );
    const chosen = positionals.length > 0 ? positionals : rooms;
    const survivors = await runRooms(copies, chosen, values.only, values.short ? SHORT_STEP : 1);
    return survivors === 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function copyProject(copy: string): Promise<string> {
  for (const name of [...COPIED, ...SETTINGS]) {
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  }
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

interface Row {
  readonly room: string;
  /** Its place in the list of its room, as it is written: `3/114`. */
  readonly place: string;
  readonly mutant: Mutant;
  /** Whether it is run, rather than looked for. */
  readonly isChosen: boolean;
}

async function readRows(
  rooms: readonly string[],
  only: readonly string[] | undefined,
  step: number,
): Promise<Row[]> {
  const lists = rooms.map(async (room) => {
    const { MUTANTS }: { MUTANTS: readonly Mutant[] } = await import(`../tests/mutants/${room}.ts`);
    return MUTANTS.map((mutant, index) => ({
      room,
      place: `${index + 1}/${MUTANTS.length}`,
      mutant,
      isChosen: only?.includes(String(index + 1)) ?? index % step === 0,
    }));
  });
  return (await Promise.all(lists)).flat();
}

async function runRooms(
  copies: readonly string[],
  rooms: readonly string[],
  only: readonly string[] | undefined,
  step: number,
): Promise<number> {
  const free = [...copies];
  const inCopy = async <T>(run: (copy: string) => Promise<T>): Promise<T> => {
    const copy = free.pop()!;
    try {
      return await run(copy);
    } finally {
      free.push(copy);
    }
  };
  const rows = await readRows(rooms, only, step);
  // A test that fails without a mutant would seem to kill every one of them.
  const files = new Set(
    rows.filter(({ isChosen }) => isChosen).flatMap(({ mutant }) => mutant.tests),
  );
  await sideBySide(LANES, [...files], (file) =>
    inCopy(async (copy) => {
      if (await passes(copy, file)) return;
      throw new Error(`Cannot test mutants: ${file} fails without any`);
    }));
  let survivors = 0;
  let count = 0;
  await sideBySide(LANES, rows, async ({ room, place, mutant, isChosen }) => {
    const problem = await inCopy(async (copy) =>
      isChosen ? await runMutant(copy, mutant) : (await mutate(copy, mutant)).problem
    );
    if (!isChosen && problem === undefined) return;
    count++;
    if (problem !== undefined) survivors++;
    const label = `${room} ${place} ${mutant.file}: ${mutant.what}`;
    console.log(`${problem === undefined ? "killed  " : "SURVIVED"} ${label}`);
    if (problem !== undefined) console.log(`         ${problem}`);
  });
  console.log(`${count} mutants, ${count - survivors} killed, ${survivors} survived`);
  return survivors;
}

/** Why a mutant counts as survived; `undefined` when a test has failed. */
async function runMutant(copy: string, mutant: Mutant): Promise<string | undefined> {
  const path = join(copy, mutant.file);
  const { text, mutated, problem } = await mutate(copy, mutant);
  if (problem !== undefined) return problem;
  await writeFile(path, mutated);
  try {
    for (const file of mutant.tests) {
      if (!await passes(copy, file)) return undefined;
    }
    return `${mutant.tests.join(" ")} passed`;
  } finally {
    await writeFile(path, text);
  }
}

async function mutate(
  copy: string,
  { file, original, replacement }: Mutant,
): Promise<{ text: string; mutated: string; problem?: string }> {
  const text = await readFile(join(copy, file), "utf8");
  const parts = text.split(original);
  const mutated = parts.join(replacement);
  if (parts.length !== 2) {
    return { text, mutated, problem: `the original text is in the file ${parts.length - 1} times` };
  }
  if (mutated === text) return { text, mutated, problem: "the replacement is the original text" };
  return { text, mutated };
}

// Each file is a process of its own, so that one that hangs can be killed. Bun starts the fastest.
async function passes(copy: string, file: string): Promise<boolean> {
  const command = [join(ROOT, "node_modules/.bin/bun"), "test", "--bail", `./${file}`];
  return (await runCommand(command, { cwd: copy, limitMs: LIMIT_MS, onOutput: () => {} })).ok;
}

process.exitCode = await main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
