/**
 * Lookups from another process: Piloted's HTTP service, bare Hono, and what the agent itself offers.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuMs } from "../../../scripts/chaos/measure.ts";
import { startConsul } from "../../../tests/support/consul.ts";
import { registerService } from "../../../tests/support/consul_services.ts";
import { type Child, type RuntimeName, startScript } from "../../../tests/support/process.ts";
import type { Comparison, RowFamily } from "../comparison.ts";

const INSTANCES = 20;
const RUNTIMES = ["deno", "bun", "node"] as const;
const RUNTIME_NAMES = { deno: "Deno", bun: "Bun", node: "Node" } as const;

interface Target {
  readonly peer: string;
  readonly isOurs: boolean;
  /** What it runs on; the agent on none. */
  readonly runtime: RuntimeName | undefined;
  /** Process that answers. */
  readonly pid: number;
  /** Program that sends the load, with its arguments. */
  readonly load: readonly [runtime: RuntimeName, file: string, ...args: string[]];
  readonly perSecond: number[];
  readonly perCpuSecond: number[];
}

/** `piloted serve` on three runtimes. */
export const lookups: RowFamily = {
  name: "lookups",
  title: "Lookups over the network",
  async run({ isShort }): Promise<Comparison[]> {
    const rounds = isShort ? 1 : 7;
    const roundMs = isShort ? 300 : 1_500;
    const folder = await mkdtemp(join(tmpdir(), "piloted-peers-"));
    const servers: Child[] = [];
    await using consul = await startConsul({ dns: true });
    try {
      for (let i = 1; i <= INSTANCES; i++) {
        const service = { Name: "customers", ID: `c-${i}`, Address: `10.0.0.${i}`, Port: 8080 };
        await registerService(consul, service);
      }
      const config = join(folder, "containerpilot.json5");
      const watches = [{ name: "customers", interval: 10 }];
      await writeFile(config, JSON.stringify({ consul: consul.url, watches }));
      const targets: Target[] = [];
      const add = (peer: string, pid: number, load: Target["load"], runtime?: RuntimeName) =>
        targets.push({
          peer,
          isOurs: peer.startsWith("piloted"),
          runtime,
          pid,
          load,
          perSecond: [],
          perCpuSecond: [],
        });
      const http = (url: string): Target["load"] => ["bun", "bench/http/load.ts", url];
      for (const runtime of RUNTIMES) {
        const ours = await startScript(runtime, "serve.ts", ["--config", config, "--port", "0"]);
        servers.push(ours);
        const url = `${await listening(ours)}/v1/services/customers/endpoint`;
        const body = await (await fetch(url)).text();
        const bare = await startScript(runtime, "bench/http/bare_server.ts", [body]);
        servers.push(bare);
        const bareUrl = `${await listening(bare)}/v1/services/customers/endpoint`;
        add("piloted serve", ours.pid, http(url), runtime);
        add("bare Hono", bare.pid, http(bareUrl), runtime);
      }
      const health = `${consul.url}/v1/health/service/customers?passing`;
      add("agent, HTTP API", consul.pid, http(health));
      add("agent, DNS (SRV)", consul.pid, [
        "node",
        "bench/peers/processes/dns_load.ts",
        `${consul.ports.dns}`,
      ]);
      for (let round = -1; round < rounds; round++) {
        for (const target of targets) {
          const figures = await measure(target, roundMs);
          // The first round is the warm-up of the servers.
          if (round < 0) continue;
          target.perSecond.push(figures.perSecond);
          target.perCpuSecond.push(figures.perCpuSecond);
        }
      }
      const compare = (
        runtime: RuntimeName,
        key: "perSecond" | "perCpuSecond",
        title: string,
      ): Comparison => ({
        title: `${title}, on ${RUNTIME_NAMES[runtime]}`,
        unit: key === "perSecond" ? "per second" : "per CPU second",
        better: "more",
        samples: targets.filter((one) => one.runtime === runtime || one.runtime === undefined)
          .map(({ peer, isOurs, [key]: values }) => ({ peer, isOurs, values })),
        isDrawn: key === "perSecond",
        note: key === "perSecond" && runtime === "deno"
          ? "piloted serve and bare Hono return one endpoint, the agent's HTTP API all 20, its DNS " +
            "three; the process that sends the load shares the machine with the server"
          : undefined,
      });
      return [
        ...RUNTIMES.map((name) => compare(name, "perSecond", "Lookups per second")),
        ...RUNTIMES.map((name) =>
          compare(name, "perCpuSecond", "Lookups per second of the server's processor time")
        ),
      ];
    } finally {
      for (const server of servers) await server.stop();
      await rm(folder, { recursive: true });
    }
  },
};

async function listening(server: Child): Promise<string> {
  return (await server.waitFor(/^Listening on (\S+)$/m))[1]!;
}

async function measure(
  target: Target,
  roundMs: number,
): Promise<{ perSecond: number; perCpuSecond: number }> {
  const [runtime, file, ...args] = target.load;
  const before = cpuMs(target.pid);
  const load = await startScript(runtime, file, [...args, `${roundMs}`]);
  const { code } = await load.exited;
  if (code !== 0) throw new Error(`Cannot measure ${target.peer}: ${load.stderr()}`);
  const [rate, answers] = load.stdout().trim().split(" ").map(Number);
  const seconds = Math.max(10, cpuMs(target.pid) - before) / 1_000;
  return { perSecond: rate!, perCpuSecond: answers! / seconds };
}
