/**
 * A cluster of real Consul servers with a client agent.
 */
import { type Consul, type ConsulOptions, startConsul } from "./consul.ts";
import { waitUntil } from "./wait_until.ts";

export interface ClusterOptions {
  /** Number of servers. @default {3} */
  servers?: number;
  /** Options of every agent. */
  agent?: Pick<ConsulOptions, "acl" | "config" | "datacenter">;
}

/** Servers that keep their data, and a client agent. */
export interface Cluster {
  readonly servers: readonly Consul[];
  readonly client: Consul;
  /** Resolves to the current leader. Rejects if there is none within 30 s. */
  leader(): Promise<Consul>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a cluster and waits until its client agent can read and write. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { servers: count = 3, agent } = options;
  const servers: Consul[] = [];
  const stop = async () => {
    await Promise.all([...servers, ...client ? [client] : []].map((consul) => consul.stop()));
  };
  let client: Consul | undefined;
  try {
    for (let i = 0; i < count; i++) {
      servers.push(
        await startConsul({
          ...agent,
          persistent: true,
          bootstrapExpect: count,
          retryJoin: servers.map((server) => server.serf),
          // No leader is elected before the last server has joined.
          ready: false,
        }),
      );
      await listening(servers.at(-1)!);
    }
    // After a restart each server has to find the others again, also the first.
    await Promise.all(servers.map((server) => server.ready()));
    const retryJoin = servers.map((server) => server.serf);
    client = await startConsul({ ...agent, server: false, persistent: true, retryJoin });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    servers,
    client,
    leader: () => findLeader(servers),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function listening(server: Consul): Promise<void> {
  await waitUntil(async () => (await server.request("/v1/agent/self", {}, 1_000)).ok);
}

async function findLeader(servers: readonly Consul[]): Promise<Consul> {
  let leader: Consul | undefined;
  await waitUntil(async () => {
    for (const server of servers) {
      const answer = await server.request("/v1/agent/self", {}, 500).catch(() => undefined);
      if (!answer?.ok) continue;
      const self = await answer.json() as { Stats: { consul?: { leader?: string } } };
      if (self.Stats.consul?.leader === "true") leader = server;
    }
    return leader !== undefined;
  });
  return leader!;
}
