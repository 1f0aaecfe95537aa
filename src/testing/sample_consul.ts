/**
 * An embedded Consul with sample services that change all the time, for `serve.ts --dev`.
 *
 * @module
 */
import { type Clock, systemClock } from "../clock.ts";
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
const STEPS: readonly ((consul: EmbeddedConsul) => void)[] = [
  (consul) => register(consul, "customers", 4),
  (consul) => consul.setStatus("orders-1", "critical", "sample: it fails for a while"),
  (consul) => register(consul, "search", 2),
  (consul) => consul.setStatus("orders-1", "passing"),
  (consul) => consul.deregister("customers-4"),
  (consul) => consul.maintenance("customers-2", true, "sample: being worked on"),
  (consul) => consul.deregister("search-2"),
  (consul) => consul.maintenance("customers-2", false),
];

/**
 * Starts an embedded Consul on loopback: `customers` with three instances, `orders` with two and
 * `search` with one in state warning. One of them changes every few seconds.
 *
 * @param options Address, and time between changes.
 * @returns The sample, once it accepts connections.
 * @throws {Error} when it cannot listen on the address.
 */
export async function startSampleConsul(options: SampleConsulOptions = {}): Promise<SampleConsul> {
  const { hostname, port, everyMs = 3_000, clock = systemClock } = options;
  const consul = new EmbeddedConsul({ clock, version: CONSUL_VERSIONS.at(-1) });
  for (const number of [1, 2, 3]) register(consul, "customers", number);
  for (const number of [1, 2]) register(consul, "orders", number);
  register(consul, "search", 1);
  consul.setStatus("search-1", "warning", "sample: a little slow");
  const listener = await consul.listen({ hostname, port });
  let step = 0;
  const change = () => {
    STEPS[step++ % STEPS.length]!(consul);
    timer = clock.start(change, everyMs, true);
  };
  let timer = clock.start(change, everyMs, true);
  return {
    url: listener.url,
    services: ["customers", "orders", "search"],
    close() {
      timer.cancel();
      return consul.close();
    },
  };
}

const PORTS: Readonly<Record<string, number>> = { customers: 8100, orders: 8200, search: 8300 };

function register(consul: EmbeddedConsul, name: string, number: number): void {
  consul.register({
    name,
    id: `${name}-${number}`,
    address: `10.0.0.${number}`,
    port: PORTS[name]! + number,
    tags: ["sample"],
    status: "passing",
  });
}
