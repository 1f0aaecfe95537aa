/**
 * Consul as a source of endpoints.
 *
 * @module
 */
import { PilotedError, type PilotedErrorCode, type PilotedErrorOptions } from "../errors.ts";
import { decodeHealth } from "./consul_decode.ts";
import { healthUrl } from "./consul_url.ts";
import { readBody } from "./read_body.ts";
import type { Freshness, Query, Reading, ReadOptions, Source } from "./source.ts";

/** Options of {@linkcode ConsulSource}. */
export interface ConsulSourceOptions {
  /** `http://host:port` or `https://host:port`, without a trailing slash. */
  url: string;
  /** ACL token, sent as `X-Consul-Token`. @default {undefined} */
  token?: string;
  /** What asks. @default {globalThis.fetch} */
  fetch?: typeof fetch;
  /** Largest answer that is taken, in bytes after decompression. @default {33_554_432} */
  maxResponseBytes?: number;
}

// 10,000 instances with two checks each come to about 15 MB.
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const EXCERPT = 120;
// "Blocking Queries" of Consul's HTTP API documentation: an index below 1 must be taken as 1.
const FIRST_INDEX = "1";

/**
 * Reads `/v1/health/service/:service` of one Consul agent.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ConsulSource } from "./consul.ts";
 *
 * const source = new ConsulSource({
 *   url: "http://127.0.0.1:8500",
 *   fetch: () => Promise.resolve(Response.json([], { headers: { "X-Consul-Index": "7" } })),
 * });
 * assertEquals((await source.read({ service: "app" })).index, "7");
 * ```
 */
export class ConsulSource implements Source {
  /** Always `"consul"`. */
  readonly name = "consul";
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #maxResponseBytes: number;
  readonly #headers: Readonly<Record<string, string>>;

  /**
   * Makes a source. Nothing is asked yet.
   *
   * @param options Where Consul is and how it is asked.
   * @throws {PilotedError} `CONFIG_INVALID` when the token can't be sent in a header.
   */
  constructor(options: ConsulSourceOptions) {
    // The runtimes' own error for such a header prints its value.
    if (options.token && !/^[\x21-\x7e]+$/.test(options.token)) {
      throw new PilotedError(
        "CONFIG_INVALID",
        "Cannot send the Consul token: it has a space, a line break or a character beyond ASCII",
      );
    }
    this.#url = options.url;
    this.#token = options.token;
    // Looked up at each call, so that a stubbed or instrumented global fetch is used.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#maxResponseBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;
    this.#headers = options.token
      ? { Accept: "application/json", "X-Consul-Token": options.token }
      : { Accept: "application/json" };
  }

  /** Asks once. See {@linkcode Source.read}. */
  async read(query: Query, options: ReadOptions = {}): Promise<Reading> {
    const { signal } = options;
    signal?.throwIfAborted();
    const url = healthUrl(this.#url, query, options);
    let response: Response | undefined;
    let text: string;
    try {
      response = await this.#fetch(url, {
        headers: this.#headers,
        // A redirect could lead the token to another host.
        redirect: "manual",
        cache: "no-store",
        signal,
      });
      text = await readBody(response, this.#maxResponseBytes);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof PilotedError) {
        throw this.#error(cause.code, query, cause.message, { status: cause.status });
      }
      const what = response === undefined ? "no answer" : "the answer broke off";
      throw this.#error("REGISTRY_UNREACHABLE", query, what, { cause, status: response?.status });
    }
    if (response.status !== 200) throw this.#refusal(query, response, text);
    return this.#decode(query, response, text);
  }

  #decode(query: Query, response: Response, text: string): Reading {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (cause) {
      throw this.#error(
        "REGISTRY_RESPONSE",
        query,
        `the answer must be JSON, received ${this.#excerpt(text)}`,
        { cause, status: response.status },
      );
    }
    if (!Array.isArray(body)) {
      throw this.#error(
        "REGISTRY_RESPONSE",
        query,
        `the answer must be a list, received ${this.#excerpt(text)}`,
        { status: response.status },
      );
    }
    const { endpoints, skipped } = decodeHealth(body, query);
    return {
      endpoints,
      skipped,
      index: decodeIndex(response.headers.get("X-Consul-Index")),
      freshness: decodeFreshness(response.headers),
    };
  }

  #refusal(query: Query, response: Response, text: string): PilotedError {
    const { status } = response;
    const facts = { status, retryAfterMs: decodeRetryAfter(response.headers.get("Retry-After")) };
    const said = `${status} ${this.#excerpt(text)}`;
    if (status === 401 || status === 403) {
      return this.#error(
        "REGISTRY_DENIED",
        query,
        `the token is missing or may not read this service, received ${said}`,
        facts,
      );
    }
    if (status === 0 || (status >= 300 && status < 400)) {
      return this.#error(
        "REGISTRY_RESPONSE",
        query,
        `redirects are not followed, received ${status}; is this address really Consul`,
        facts,
      );
    }
    // 5xx is a Consul without a leader, or a proxy before it: as good as no answer.
    const code = status >= 500 ? "REGISTRY_UNREACHABLE" : "REGISTRY_RESPONSE";
    return this.#error(code, query, `received ${said}`, facts);
  }

  #error(
    code: PilotedErrorCode,
    query: Query,
    why: string,
    facts: PilotedErrorOptions = {},
  ): PilotedError {
    const where = query.datacenter ? ` in datacenter ${JSON.stringify(query.datacenter)}` : "";
    return new PilotedError(
      code,
      `Cannot read service ${
        JSON.stringify(query.service)
      }${where} from Consul at ${this.#url}: ${why}`,
      { ...facts, service: query.service, url: this.#url },
    );
  }

  /** The beginning of a body for a message, without the token should the other side echo it. */
  #excerpt(text: string): string {
    const clean = this.#token ? text.replaceAll(this.#token, "<token>") : text;
    const line = clean.trim().replace(/\s+/g, " ");
    if (line === "") return "an empty body";
    return JSON.stringify(line.length > EXCERPT ? `${line.slice(0, EXCERPT)}...` : line);
  }
}

function decodeIndex(value: string | null): string {
  if (value === null || !/^\d{1,20}$/.test(value)) return "0";
  const index = value.replace(/^0+/, "");
  return index === "" ? FIRST_INDEX : index;
}

function decodeFreshness(headers: Headers): Freshness {
  const lastContactMs = decodeCount(headers.get("X-Consul-LastContact"));
  const ageS = decodeCount(headers.get("Age"));
  const knownLeader = headers.get("X-Consul-KnownLeader");
  const cache = headers.get("X-Cache")?.toLowerCase();
  return {
    ...(lastContactMs !== undefined && { lastContactMs }),
    ...(knownLeader !== null && { knownLeader: knownLeader === "true" }),
    ...((cache === "hit" || cache === "miss") && { cache }),
    ...(ageS !== undefined && { ageMs: ageS * 1000 }),
  };
}

/** Seconds or an HTTP date ("RFC 9110", Retry-After). */
function decodeRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = decodeCount(value);
  if (seconds !== undefined) return seconds * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function decodeCount(value: string | null): number | undefined {
  return value !== null && /^\d{1,12}$/.test(value.trim()) ? Number(value) : undefined;
}
