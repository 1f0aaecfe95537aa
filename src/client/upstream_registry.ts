/**
 * Other Piloteds as a registry. What connects to them is loaded by the first read.
 *
 * @module
 */
import type { UpstreamConfig } from "../config/config.ts";
import { loadModule } from "../load_module.ts";
import type { Registry } from "../registry/connection.ts";
import type { Source } from "../source/source.ts";
import type { OpenUpstreams } from "./open_upstreams.ts";
import type { ResolvedOptions } from "./options.ts";

/** The upstreams of a configuration as a registry. */
export class UpstreamRegistry implements Registry {
  /** Reads the upstream in use. */
  readonly source: Source;
  readonly #upstream: UpstreamConfig;
  readonly #options: ResolvedOptions;
  #opening: Promise<OpenUpstreams> | undefined;
  #open: OpenUpstreams | undefined;

  /**
   * Creates it; nothing is sent yet.
   *
   * @param upstream Where the other Piloteds are.
   * @param options Options of the client.
   * @param overridden Puts what the configuration overrides before a source.
   */
  constructor(
    upstream: UpstreamConfig,
    options: ResolvedOptions,
    overridden: (source: Source) => Source,
  ) {
    this.#upstream = upstream;
    this.#options = options;
    const place = () => `the upstream ${this.address}`;
    this.source = overridden({
      name: "piloted",
      get place() {
        return place();
      },
      read: async (query, options) => {
        const { source } = this.#open ?? await (this.#opening ??= this.#connect());
        return await source.read(query, options);
      },
    });
  }

  /** Address of the upstream in use. */
  get address(): string {
    return this.#open?.source.address ?? this.#upstream.addresses[0]!;
  }

  /** Reads share one stream. */
  multiplexed(): boolean {
    return true;
  }

  /** Ends the stream and closes the connections. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#open?.close();
  }

  async #connect(): Promise<OpenUpstreams> {
    const { openUpstreams } = await loadModule(() => import("./open_upstreams.ts"));
    return this.#open = openUpstreams(this.#upstream, this.#options);
  }
}
