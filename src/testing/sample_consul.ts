/**
 * An embedded Consul with sample services that change all the time, for `serve.ts --dev`.
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
import { listen, type Listener } from "../runtime/listen.ts";
import { EmbeddedConsul } from "./embedded_consul.ts";
import { CONSUL_VERSIONS } from "./wire_profile.ts";

/** Options of {@linkcode startSampleConsul}. */
export interface SampleConsulOptions {
  /** Address to listen on. @default {"127.0.0.1"} */
  hostname?: string | undefined;
  /** TCP port; 0 selects any free one. @default {0} */
  port?: number | undefined;
  /** Milliseconds between two changes. @default {3_000} */
  everyMs?: number | undefined;
  /** Clock of the changes. @default {systemClock} */
  clock?: Clock | undefined;
}

/** A running sample. */
export interface SampleConsul {
  /** `http://host:port` of its Consul API. */
  readonly url: string;
  /** Names of its services. */
  readonly services: readonly string[];
  /** Stops the changes and closes the Consul. Idempotent. */
  close(): Promise<void>;
}

// Each step is undone by a later one, so the sequence can repeat forever.
const STEPS: readonly ((consul: EmbeddedConsul, backends: Backends) => void)[] = [
  (consul, backends) => register(consul, backends, "customers", 4),
  (consul) => consul.setStatus("orders-1", "critical", "sample: it fails for a while"),
  (consul, backends) => register(consul, backends, "search", 2),
  (consul) => consul.setStatus("orders-1", "passing"),
  (consul) => consul.deregister("customers-4"),
  (consul) => consul.maintenance("customers-2", true, "sample: being worked on"),
  (consul) => consul.deregister("search-2"),
  (consul) => consul.maintenance("customers-2", false),
];

/**
 * Starts an embedded Consul on loopback: `customers` with three instances, `orders` with two and
 * `search` with one in state warning. One of them changes every few seconds. Each instance answers on
 * loopback with its own name.
 *
 * @param options Address, and time between changes.
 * @returns The sample, once it accepts connections.
 * @throws {Error} when it cannot listen on the address.
 */
export async function startSampleConsul(options: SampleConsulOptions = {}): Promise<SampleConsul> {
  const { hostname, port, everyMs = 3_000, clock = systemClock } = options;
  const consul = new EmbeddedConsul({ clock, version: CONSUL_VERSIONS.at(-1) });
  const backends = await startBackends();
  for (const number of [1, 2, 3]) register(consul, backends, "customers", number);
  for (const number of [1, 2]) register(consul, backends, "orders", number);
  register(consul, backends, "search", 1);
  consul.setStatus("search-1", "warning", "sample: a little slow");
  const listener = await consul.listen({ hostname, port }).catch(async (error) => {
    await closeAll(backends);
    throw error;
  });
  let step = 0;
  const change = () => {
    STEPS[step++ % STEPS.length]!(consul, backends);
    timer = clock.start(change, everyMs, true);
  };
  let timer = clock.start(change, everyMs, true);
  return {
    url: listener.url,
    services: ["customers", "orders", "search"],
    async close() {
      timer.cancel();
      await Promise.all([consul.close(), closeAll(backends)]);
    },
  };
}

type Backends = ReadonlyMap<string, Listener>;

const INSTANCES = ["customers-1", "customers-2", "customers-3", "customers-4"].concat(
  ["orders-1", "orders-2", "search-1", "search-2"],
);

/** Starts what the instances lead to, also those that are registered later. */
async function startBackends(): Promise<Backends> {
  const backends = new Map<string, Listener>();
  try {
    for (const id of INSTANCES) {
      const respond = ({ url }: Request) => new Response(`${id}: ${new URL(url).pathname}\n`);
      backends.set(id, await listen(respond, { hostname: "127.0.0.1", port: 0, graceMs: 0 }));
    }
  } catch (error) {
    await closeAll(backends);
    throw error;
  }
  return backends;
}

async function closeAll(backends: Backends): Promise<void> {
  await Promise.all([...backends.values()].map((backend) => backend.close()));
}

function register(
  consul: EmbeddedConsul,
  backends: Backends,
  name: string,
  number: number,
): void {
  const id = `${name}-${number}`;
  consul.register({
    name,
    id,
    address: "127.0.0.1",
    port: backends.get(id)!.port,
    tags: ["sample"],
    status: "passing",
  });
}
