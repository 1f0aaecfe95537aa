/**
 * Which hosts of URLs are services.
 *
 * @module
 */
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import { NamedPortSource, parseNamedPort } from "./named_port.ts";
import { ServiceTraffic } from "./service_traffic.ts";

/** A service that a host means. */
export interface FoundService {
  /** The service. */
  readonly traffic: ServiceTraffic;
  /** Gives its endpoints, those of a port by its name included. */
  readonly source: FetchSource;
  /** A tag that was part of the host. */
  readonly tag: string | undefined;
}

// Hosts of services that were used. What an attacker can add to it are spellings and tags.
const MOST_HOSTS = 10_000;

/** Finds services by hosts, and keeps their traffic. A host that was ever a service stays one. */
export class ServiceHosts {
  readonly #source: FetchSource;
  readonly #options: ResolvedFetchOptions;
  readonly #byHost = new Map<string, FoundService>();
  readonly #traffic = new Map<string, ServiceTraffic>();

  /**
   * @param source Knows the services.
   * @param options Options.
   */
  constructor(source: FetchSource, options: ResolvedFetchOptions) {
    this.#source = source;
    this.#options = options;
  }

  /**
   * The service that a host means: by its name in any case, with or without a dot at its end, or by a
   * name with one of the ends in the option `hosts`.
   *
   * @param host Host of a URL, without port.
   * @returns The service, `undefined` when it is none.
   */
  find(host: string): FoundService | undefined {
    const known = this.#byHost.get(host);
    if (known !== undefined) return known;
    const found = this.#lookUp(host.endsWith(".") ? host.slice(0, -1) : host);
    if (found === undefined) return undefined;
    if (this.#byHost.size >= MOST_HOSTS) this.#byHost.clear();
    this.#byHost.set(host, found);
    return found;
  }

  #lookUp(host: string): FoundService | undefined {
    const whole = this.#named(host);
    if (whole !== undefined) return this.#found(whole);
    const port = parseNamedPort(host);
    const service = port === undefined ? undefined : this.#named(port.service);
    if (service !== undefined) {
      const source = new NamedPortSource(this.#source, port!.port);
      const traffic = new ServiceTraffic(service.service, this.#options);
      return { source, traffic, tag: undefined };
    }
    const lower = host.toLowerCase();
    for (const suffix of this.#options.hosts) {
      if (!lower.endsWith(suffix)) continue;
      const rest = host.slice(0, -suffix.length);
      const bare = this.#named(rest);
      if (bare !== undefined) return this.#found(bare);
      const dot = rest.lastIndexOf(".");
      const tagged = dot > 0 ? this.#named(rest.slice(dot + 1)) : undefined;
      if (tagged !== undefined) return this.#found(tagged, rest.slice(0, dot));
    }
    return undefined;
  }

  #found(traffic: ServiceTraffic, tag?: string): FoundService {
    return { source: this.#source, traffic, tag };
  }

  #named(host: string): ServiceTraffic | undefined {
    if (host === "") return undefined;
    const source = this.#source;
    const lower = host.toLowerCase();
    const name = source.serviceNamed !== undefined
      ? source.serviceNamed(host)
      : source.has(host)
      ? host
      : source.has(lower)
      ? lower
      : undefined;
    // A name that is no longer the source's was used before.
    const service = name ?? (this.#traffic.has(host) ? host : lower);
    let traffic = this.#traffic.get(service);
    if (traffic === undefined && name !== undefined) {
      this.#traffic.set(name, traffic = new ServiceTraffic(name, this.#options));
    }
    return traffic;
  }
}
