/** Real database servers of one service in an embedded Consul. */
import type { ServerName } from "../../../scripts/get_servers.ts";
import { createPiloted } from "../../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../../src/client/options.ts";
import type { Piloted } from "../../../src/client/piloted.ts";
import { EmbeddedConsul } from "../../../src/testing/mod.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { ServerProcess } from "./server_process.ts";

export const DATABASE = "db";

/** Servers, and a client that watches them. */
export class Databases {
  readonly consul = new EmbeddedConsul();
  readonly servers = new Map<string, ServerProcess>();
  piloted!: Piloted;

  static async run(
    run: (it: Databases) => Promise<void>,
    options: PilotedOptions = {},
  ): Promise<void> {
    const it = new Databases();
    it.piloted = await createPiloted({
      config: { consul: "consul:8500", watches: [{ name: DATABASE }] },
      fetch: it.consul.fetch,
      signals: false,
      minIntervalMs: 1,
      emptyPolicy: "accept",
      ...options,
    });
    try {
      await run(it);
    } finally {
      await it.piloted.close();
      await it.consul.close();
      await Promise.all([...it.servers.values()].map((server) => server.remove()));
    }
  }

  /** Starts servers at the same time, and lists them. */
  async start(name: ServerName, ...ids: string[]): Promise<ServerProcess[]> {
    const servers = await Promise.all(ids.map(() => ServerProcess.start(name)));
    for (const [index, id] of ids.entries()) {
      this.servers.set(id, servers[index]!);
      await this.list(id);
    }
    return servers;
  }

  /** Lists a server. */
  async list(id: string, tags: readonly string[] = []): Promise<void> {
    const { port } = this.servers.get(id)!;
    this.consul.register({ id, name: DATABASE, address: "127.0.0.1", port, tags: [...tags] });
    const expected = tags.join();
    await waitUntil(
      () =>
        this.piloted.serviceHosts(DATABASE).some((one) =>
          one.id === id && one.tags.join() === expected
        ),
      30_000,
      2,
    );
  }

  /** Takes a server from the list. */
  async unlist(id: string): Promise<void> {
    this.consul.deregister(id);
    await waitUntil(
      () => this.piloted.serviceHosts(DATABASE).every((one) => one.id !== id),
      30_000,
      2,
    );
  }

  /** Id of the server that listens on a port. */
  idOf(port: number | undefined): string | undefined {
    return [...this.servers].find(([, server]) => server.port === port)?.[0];
  }
}
