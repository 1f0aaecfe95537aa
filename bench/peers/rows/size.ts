/**
 * What an application installs, and how long it takes to its first endpoint.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startConsul } from "../../../tests/support/consul.ts";
import { registerService } from "../../../tests/support/consul_services.ts";
import { runtimeBinary } from "../../../tests/support/process.ts";
import { waitUntil } from "../../../tests/support/wait_until.ts";
import { builtPackage } from "../built_package.ts";
import type { Comparison, RowFamily } from "../comparison.ts";
import { packageFolder } from "../load_peer.ts";

const PEERS = fileURLToPath(new URL("../", import.meta.url));
const NPM_PEERS = ["consul", "piloted", "undici", "@grpc/grpc-js"];

/** Start-up and size. */
export const size: RowFamily = {
  name: "size",
  title: "Start-up and size",
  async run({ isShort, has }): Promise<Comparison[]> {
    const ours = await builtPackage();
    const folders = [
      { peer: "@piloted/core", isOurs: true, folder: ours.folder },
      ...NPM_PEERS.filter(has).map((name) => ({
        peer: `npm ${name}`,
        isOurs: false,
        folder: packageFolder(name)!,
      })),
    ];
    const installed = await Promise.all(
      folders.map(async (one) => ({ ...one, ...await installedWith(one.folder) })),
    );
    const sizes = (key: "kb" | "packages") =>
      installed.map(({ peer, isOurs, [key]: value }) => ({ peer, isOurs, values: [value] }));
    return [
      ...await startTimes(ours.main, isShort ? 2 : 15, has),
      {
        title: "Installed with all dependencies",
        unit: "kB",
        better: "less",
        samples: sizes("kb"),
        note: "@piloted/core with the HTTP service, the command, the test kit and all types",
      },
      {
        title: "Packages installed",
        unit: "packages",
        better: "less",
        samples: sizes("packages"),
      },
    ];
  },
};

/** Milliseconds from the start of a process on Node to the first endpoint, and to exit for none. */
async function startTimes(
  main: string,
  rounds: number,
  has: (name: string) => boolean,
): Promise<Comparison[]> {
  await using consul = await startConsul();
  const Name = "customers";
  await registerService(consul, { Name, ID: Name, Address: "10.0.0.1", Port: 8080 });
  const path = `/v1/health/service/${Name}?passing`;
  // The agent copies registrations to its catalog a moment later.
  await waitUntil(async () => (await consul.get<unknown[]>(path)).length === 1);
  const { hostname: host, port } = new URL(consul.url);
  const programs = [
    {
      peer: "@piloted/core",
      isOurs: true,
      code: `import { createPiloted } from ${JSON.stringify(main)};
        const config = { consul: ${JSON.stringify(consul.url)}, watches: [{ name: "${Name}" }] };
        console.log((await createPiloted({ config })).pick("${Name}").host);`,
    },
    {
      peer: "bare fetch",
      isOurs: false,
      code: `const response = await fetch(${JSON.stringify(consul.url + path)});
        console.log((await response.json())[0].Service.Address);`,
    },
    ...has("consul")
      ? [{
        peer: "npm consul",
        isOurs: false,
        code: `import Consul from "consul";
        const consul = new Consul({ host: "${host}", port: ${port} });
        console.log((await consul.health.service({ service: "${Name}", passing: true }))[0]);`,
      }]
      : [],
    ...has("piloted")
      ? [{
        peer: "npm piloted",
        isOurs: false,
        code: `import piloted from "piloted";
        await piloted.config({ consul: "${host}:${port}", watches: [{ name: "${Name}" }] });
        console.log(piloted.service("${Name}").address);`,
      }]
      : [],
    { peer: "Node alone", isOurs: false, code: `console.log("nothing")` },
  ];
  const times = programs.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, { code }] of programs.entries()) {
      const took = await firstOutput(code);
      // The first round fills the caches of the file system.
      if (round >= 0) times[index]!.push(took);
    }
  }
  return [{
    title: "From the start of a process on Node to the first endpoint",
    unit: "ms",
    better: "less",
    samples: programs.slice(0, -1).map(({ peer, isOurs }, i) => ({
      peer,
      isOurs,
      values: times[i]!,
    })),
    note: `Node alone takes ${Math.round(times.at(-1)!.toSorted((a, b) => a - b)[0]!)} ms at least`,
  }];
}

async function firstOutput(code: string): Promise<number> {
  const args = ["--input-type=module", "--eval", `${code}\nprocess.exit();`];
  const startedAt = performance.now();
  const child = spawn(await runtimeBinary("node"), args, {
    cwd: PEERS,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const output = await Promise.race([once(child.stdout, "data"), ended.then(() => undefined)]);
  const took = performance.now() - startedAt;
  await ended;
  if (output === undefined) throw new Error(`Cannot measure a start: no output of\n${code}`);
  return took;
}

/** A package with everything that npm installs for it. */
async function installedWith(folder: string): Promise<{ kb: number; packages: number }> {
  const found = new Set<string>();
  const visit = async (folder: string): Promise<number> => {
    if (found.has(folder)) return 0;
    found.add(folder);
    const { dependencies = {} } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    let bytes = await bytesIn(folder);
    for (const name of Object.keys(dependencies)) {
      const needed = packageFolder(name, folder);
      if (needed === undefined) throw new Error(`Cannot measure ${folder}: ${name} is missing`);
      bytes += await visit(needed);
    }
    return bytes;
  };
  const bytes = await visit(folder);
  return { kb: Math.round(bytes / 1_000), packages: found.size };
}

/** Bytes of the files of one package, without packages inside it. */
async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += entry.name === "node_modules" ? 0 : await bytesIn(path);
    else if (entry.isFile()) bytes += (await stat(path)).size;
  }
  return bytes;
}
