/**
 * Free ports for a Consul agent.
 */
import { createServer, type Server } from "node:net";

/** One port for each listener of an agent. */
export interface ConsulPorts {
  readonly http: number;
  readonly https: number;
  readonly server: number;
  readonly serf_lan: number;
  readonly serf_wan: number;
  readonly dns: number;
}

/** Returns different ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(): Promise<ConsulPorts> {
  // All are open at the same time, so that the system cannot return one twice.
  const servers = await Promise.all(Array.from({ length: 6 }, hold));
  const [http, https, server, serf_lan, serf_wan, dns] = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ release }) => release()));
  return {
    http: http!,
    https: https!,
    server: server!,
    serf_lan: serf_lan!,
    serf_wan: serf_wan!,
    dns: dns!,
  };
}

function hold(): Promise<{ port: number; release: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      resolve({
        port: (server.address() as { port: number }).port,
        release: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}
