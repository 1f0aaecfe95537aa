/**
 * Finds Redis and PostgreSQL for the tests of their plugs, and gets Debian's when there are none.
 *
 * `$REDIS_BIN` and `$POSTGRES_BIN`, else `redis-server` and `postgres` on `PATH`, else PostgreSQL
 * where Debian installs it, else Debian's packages, unpacked into the cache. `initdb` is expected
 * beside `postgres`.
 *
 * Run it: `deno run -A scripts/get_servers.ts`, `bun scripts/get_servers.ts` or
 * `node --import tsx scripts/get_servers.ts`. It prints the paths of both.
 */
import { execFile } from "node:child_process";
import { readdir, realpath, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CACHE,
  findProgram,
  isExecutable,
  isMain,
  type PackageRequest,
  withDebianPackages,
  writeLauncher,
} from "./debian_package.ts";

const run = promisify(execFile);

/** A database server that the tests start. */
export type ServerName = "redis" | "postgres";

interface Server {
  readonly variable: string;
  readonly program: string;
  readonly request: PackageRequest;
  /** Folder of its programs in the package, and those that get a launcher. */
  programs(folder: string): Promise<{ folder: string; names: readonly string[] }>;
}

const DEBIAN_POSTGRES = "usr/lib/postgresql";

const SERVERS: Readonly<Record<ServerName, Server>> = {
  redis: {
    variable: "REDIS_BIN",
    program: "redis-server",
    request: { names: ["redis-server", "redis-tools"], withDependencies: true },
    programs: () => Promise.resolve({ folder: "usr/bin", names: ["redis-server"] }),
  },
  postgres: {
    variable: "POSTGRES_BIN",
    program: "postgres",
    request: {
      names: ["postgresql"],
      withDependencies: true,
      // What manages installed clusters, and what compiles queries.
      without: /^(postgresql-common|ssl-cert|perl|lib.*-perl|libllvm|ucf|sysstat|adduser|debconf)/,
    },
    async programs(folder) {
      const [version] = await readdir(join(folder, DEBIAN_POSTGRES));
      return { folder: `${DEBIAN_POSTGRES}/${version}/bin`, names: ["postgres", "initdb"] };
    },
  },
};

/**
 * Looks for a server without downloading anything.
 *
 * @param name Which server.
 * @returns Path of its program, or `undefined` where there is none.
 * @throws {Error} when its variable names something that can't be executed.
 */
export async function findServer(name: ServerName): Promise<string | undefined> {
  const { variable, program } = SERVERS[name];
  const paths = [join(CACHE, name, program)];
  if (name === "postgres") {
    const versions = await readdir(`/${DEBIAN_POSTGRES}`).catch(() => []);
    paths.unshift(...versions.map((version) => `/${DEBIAN_POSTGRES}/${version}/bin/${program}`));
  }
  const found = await findProgram({ variable, names: [program], paths });
  // A link on PATH need not have its neighbours beside it.
  return found && await realpath(found);
}

/**
 * Looks for a server and gets it when there is none. Two processes may do so at once.
 *
 * @param name Which server.
 * @returns Path of its program.
 * @throws {Error} when there is none and this machine can't get one.
 */
export async function ensureServer(name: ServerName): Promise<string> {
  return await findServer(name) ?? await unpackServer(name);
}

/**
 * Downloads and unpacks a server into the cache, whether the machine has one or not.
 *
 * @param name Which server.
 * @returns Path of its program.
 * @throws {Error} when this machine can't get it.
 */
export async function unpackServer(name: ServerName): Promise<string> {
  const { variable, program, request, programs } = SERVERS[name];
  const target = join(CACHE, name);
  const launcher = join(target, program);
  try {
    return await withDebianPackages(await withVersions(request), async (unpacked) => {
      const { folder, names } = await programs(unpacked);
      for (const each of names) {
        await writeLauncher(join(unpacked, each), target, join(folder, each));
      }
      await rename(unpacked, target).catch(async (error) => {
        if (!await isExecutable(launcher)) throw error;
      });
      await run(launcher, ["--version"]);
      return launcher;
    });
  } catch (cause) {
    throw new Error(`${(cause as Error).message}; set $${variable}`, { cause });
  }
}

// The package "postgresql" is empty and depends on that of the release's version.
async function withVersions(request: PackageRequest): Promise<PackageRequest> {
  if (request.names[0] !== "postgresql") return request;
  const { stdout } = await run("apt-cache", ["depends", "postgresql"]).catch(() => ({
    stdout: "",
  }));
  const versioned = /Depends: (postgresql-\d+)/.exec(stdout)?.[1];
  return versioned === undefined ? request : { ...request, names: [versioned, "libpq5"] };
}

if (await isMain(import.meta.url)) {
  for (const name of ["redis", "postgres"] as const) console.log(await ensureServer(name));
}
