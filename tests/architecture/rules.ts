/**
 * The directions and rules of the house, as CONTRIBUTING.md draws it. Each rule takes modules and
 * gives what is wrong, one line each.
 */
import { dirname, join, normalize } from "node:path/posix";
import type { Module } from "./read_module.ts";

/** What a room may import of the others; every room may import itself. */
const DIRECTIONS: Readonly<Record<string, readonly string[]>> = {
  leaves: [],
  template: ["leaves"],
  runtime: ["leaves"],
  source: ["leaves"],
  balance: ["leaves"],
  fetch: ["leaves", "balance"],
  config: ["leaves", "template", "runtime"],
  access: ["leaves", "config", "source", "runtime"],
  registration: ["leaves", "config", "source", "runtime", "access"],
  registry: ["leaves", "config", "source", "balance"],
  watch: ["leaves", "config", "source", "balance", "registry", "runtime"],
  client: [
    "leaves",
    "template",
    "config",
    "source",
    "balance",
    "registry",
    "watch",
    "fetch",
    "runtime",
    "access",
    "registration",
  ],
};

/** The core: what may be reached from mod.ts. */
const CORE = Object.keys(DIRECTIONS);

/** Rooms on top of the core, and what they may import of each other. */
const ABOVE: Readonly<Record<string, readonly string[]>> = {
  plugs: [],
  testing: [],
  compat: [],
  supervisor: ["plugs"],
  http: ["plugs"],
  cli: ["plugs", "supervisor", "http", "testing"],
};

/** Rooms on top of the core that may use the runtime room. */
const RUNTIME_USERS = ["supervisor", "compat", "testing", "cli"];

/** Rooms that the directions already know and that are not built yet. */
export const PLANNED_ROOMS: readonly string[] = [];

/** Every room that has a direction. */
export const ROOMS: readonly string[] = [...CORE, ...Object.keys(ABOVE)];

/** Files of types alone that describe to the runtime room what it has to do. */
const CONTRACTS = ["src/config/config.ts"];

/** Which package may be imported where. Packages that are missing here may be imported nowhere. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "json5": ["config"],
  "re2js": ["template"],
  "@bomb.sh/tab": ["cli"],
  "commander": ["cli"],
  "hono": ["http", "testing", "serve.ts", "cli"],
  "@opentelemetry/api": ["plugs/otel"],
  "undici": ["plugs/undici"],
  "@grpc/grpc-js": ["plugs/grpc"],
  "@connectrpc/connect": ["plugs/connect"],
  "@connectrpc/connect-node": ["plugs/connect"],
  "fastify": ["plugs/fastify"],
  "@nestjs/common": ["plugs/nestjs"],
  "ioredis": ["plugs/redis"],
  "pg": ["plugs/pg"],
  "prom-client": ["http", "supervisor"],
  "valibot": ["http"],
  "@valibot/to-json-schema": ["http"],
  "@hono/node-server": ["runtime"],
  "@std/path": ["config", "runtime", "watch", "cli", "serve.ts"],
  "@std/fmt": ["http", "cli", "serve.ts"],
};

/** Modules of Node that a plug is about. */
const PLUG_BUILTINS: Readonly<Record<string, readonly string[]>> = {
  "node:http": ["plugs/http-agent", "plugs/fastify"],
  "node:https": ["plugs/http-agent"],
  "node:net": ["plugs/http-agent", "plugs/fastify", "plugs/redis", "plugs/pg"],
  "node:tls": ["plugs/redis"],
  "node:events": ["plugs/http-agent"],
};

const RUNTIME_NAMES = ["Deno", "Bun", "process", "Buffer", "__dirname", "require"];
const RUNTIME_ROOMS = ["runtime", "cli", "cli.ts", "serve.ts"];
const CONSOLE_ROOMS = ["cli", "cli.ts", "serve.ts"];
const LONGEST_FILE = 350;

/**
 * The room of a file: the folder under `src/`, `plugs/NAME` for a plug, `leaves` for files in `src/`
 * itself, or the name of a door such as `mod.ts`.
 *
 * @param path Path from the root of the project.
 * @returns Its room.
 */
export function roomOf(path: string): string {
  const [top, second, ...rest] = path.split("/");
  if (top !== "src") return top!;
  if (rest.length === 0) return "leaves";
  return second === "plugs" && rest.length > 1 ? `plugs/${rest[0]}` : second!;
}

/**
 * The file that a relative import names.
 *
 * @param from Path of the importing file.
 * @param specifier What it imports.
 * @returns Its path, or `undefined` where the import is not relative.
 */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? normalize(join(dirname(from), specifier)) : undefined;
}

/** Imports of one file: direction, real extension, no way back to a door, allowed packages. */
export function importFaults(module: Module): string[] {
  const room = roomOf(module.path);
  const faults: string[] = [];
  for (const { specifier, line } of module.imports) {
    const fault = specifier === undefined
      ? RUNTIME_ROOMS.includes(room) ? undefined : "imports what can't be read from the code"
      : specifier.startsWith(".")
      ? fileFault(module.path, room, specifier)
      : packageFault(room, specifier);
    if (fault !== undefined) faults.push(`${module.path}:${line} ${fault}`);
  }
  return faults;
}

/** Names of one file: no runtime outside its rooms, no console outside the commands. */
export function nameFaults(module: Module): string[] {
  const room = roomOf(module.path);
  const refused = [
    ...RUNTIME_ROOMS.includes(room) ? [] : RUNTIME_NAMES,
    ...CONSOLE_ROOMS.includes(room) ? [] : ["console"],
  ];
  return module.names
    .filter(({ name }) => refused.includes(name))
    .map(({ name, line }) => `${module.path}:${line} names ${name}`);
}

/** Shape of one file: no `export *`, its name, its length. */
export function shapeFaults(module: Module): string[] {
  const faults = module.starExports.map((line) => `${module.path}:${line} exports *`);
  if (!/(^|\/)[a-z0-9_]+\.tsx?$/.test(module.path)) {
    faults.push(`${module.path} is not in snake_case`);
  }
  if (module.lines > LONGEST_FILE) faults.push(`${module.path} has ${module.lines} lines`);
  return faults;
}

/**
 * Everything that loading a file would load, types and dynamic imports included.
 *
 * @param entry Path of the file to begin with.
 * @param modules Every file by path.
 * @returns Paths of files, specifiers of packages, and imports of files that do not exist.
 */
export function reachable(
  entry: string,
  modules: ReadonlyMap<string, Module>,
): { files: Set<string>; packages: Set<string>; missing: string[] } {
  const files = new Set([entry]);
  const packages = new Set<string>();
  const missing: string[] = [];
  for (const path of files) {
    const module = modules.get(path);
    for (const { specifier } of module?.imports ?? []) {
      if (specifier === undefined) continue;
      const target = resolveImport(path, specifier);
      if (target === undefined) packages.add(specifier);
      else if (modules.has(target)) files.add(target);
      else missing.push(`${path} imports ${specifier}, which does not exist`);
    }
  }
  return { files, packages, missing };
}

/** The core is small: mod.ts reaches only its rooms, and not hono. */
export function coreFaults(modules: ReadonlyMap<string, Module>): string[] {
  const { files, packages, missing } = reachable("mod.ts", modules);
  return [
    ...missing,
    ...[...files].filter((path) => path !== "mod.ts" && !CORE.includes(roomOf(path)))
      .map((path) => `mod.ts reaches ${path}`),
    ...[...packages].filter((name) => /^(@hono\/|hono$|hono\/)/.test(name))
      .map((name) => `mod.ts reaches ${name}`),
  ];
}

function fileFault(from: string, room: string, specifier: string): string | undefined {
  const target = resolveImport(from, specifier)!;
  const targetRoom = roomOf(target);
  if (!/\.tsx?$/.test(specifier)) return `imports ${specifier} without .ts`;
  if (!target.startsWith("src/")) {
    // A door may be built on another, the house may not stand on its doors.
    return room.endsWith(".ts") && target.endsWith(".ts") && !target.includes("/")
      ? undefined
      : `imports ${target} outside of src`;
  }
  if (room === "mod.ts") return CORE.includes(targetRoom) ? undefined : `imports ${targetRoom}`;
  if (room === targetRoom || room.endsWith(".ts")) return undefined;
  if (room === "runtime" && CONTRACTS.includes(target)) return undefined;
  return mayImport(room, targetRoom) ? undefined : `imports ${targetRoom}: ${target}`;
}

function mayImport(room: string, target: string): boolean {
  const from = room.replace(/\/.*/, "");
  const to = target.replace(/\/.*/, "");
  const below = DIRECTIONS[from];
  if (below) return below.includes(to);
  const beside = ABOVE[from];
  if (beside === undefined) return false;
  if (to === "runtime") return RUNTIME_USERS.includes(from);
  return CORE.includes(to) || beside.includes(to);
}

function packageFault(room: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) {
    const isAllowed = RUNTIME_ROOMS.includes(room) || PLUG_BUILTINS[specifier]?.includes(room);
    return isAllowed ? undefined : `imports ${specifier}`;
  }
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  return PACKAGES[name]?.includes(room) ? undefined : `imports the package ${specifier}`;
}
