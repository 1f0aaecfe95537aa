/** A tier: a Piloted over an embedded Consul, and its service without a socket. */
import { createPiloted } from "../../src/client/create_piloted.ts";
import type { PilotedOptions } from "../../src/client/options.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import type { ServiceOptions } from "../../src/http/options.ts";
import { service } from "../../src/http/service.ts";
import type { Fetch } from "../../src/platform_fetch.ts";
import type { EmbeddedConsul } from "../../src/testing/mod.ts";

export interface Tier {
  readonly piloted: Piloted;
  /** Sends a request to its service. A stream ends when its signal aborts. */
  readonly fetch: Fetch;
  close(): Promise<void>;
}

/** Starts a tier over a Consul. */
export async function startTier(
  consul: EmbeddedConsul,
  watches: readonly { readonly name: string; readonly as?: string }[],
  options: PilotedOptions = {},
  served: ServiceOptions = {},
): Promise<Tier> {
  const piloted: Piloted = await createPiloted({
    config: { consul: "consul:8500", watches },
    fetch: consul.fetch,
    signals: false,
    onStartFailure: "background",
    ...options,
  });
  const stop = new AbortController();
  const app = service(piloted, { signal: stop.signal, ...served });
  return {
    piloted,
    fetch: async (input, init) => {
      if (stop.signal.aborted) throw new TypeError("fetch failed: connection refused");
      return await app.fetch(new Request(input, init));
    },
    async close() {
      stop.abort();
      await piloted.close();
    },
  };
}
