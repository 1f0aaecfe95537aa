/**
 * Consul as a source of endpoints.
 *
 * @module
 */
import { PilotedError, type PilotedErrorCode, type PilotedErrorOptions } from "../errors.ts";
import { decodeHealth } from "./consul_decode.ts";
import { decodeSummary } from "./consul_summary.ts";
import { healthUrl, summaryUrl } from "./consul_url.ts";
import { readBody } from "./read_body.ts";
import type { Freshness, Query, Reading, ReadOptions, Source, Summary } from "./source.ts";

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
    const url = healthUrl(this.#url, query, options);
    const where = query.datacenter ? ` in datacenter ${JSON.stringify(query.datacenter)}` : "";
    const subject = `service ${JSON.stringify(query.service)}${where}`;
    const { entries, headers } = await this.#get(url, subject, query.service, options.signal);
    const { endpoints, skipped } = decodeHealth(entries, query);
    return {
      endpoints,
      skipped,
      index: decodeIndex(headers.get("X-Consul-Index")),
      freshness: decodeFreshness(headers),
    };
  }

  /** Asks for all services at once. See {@linkcode Source.summarize}. */
  async summarize(options: ReadOptions = {}): Promise<Summary> {
    const url = summaryUrl(this.#url, options);
    const subject = "the summary of services";
    const { entries, headers } = await this.#get(url, subject, undefined, options.signal);
    const services = decodeSummary(entries);
    if (services === undefined) {
      throw this.#error("REGISTRY_RESPONSE", subject, "the list has entries of another kind");
    }
    return { services, index: decodeIndex(headers.get("X-Consul-Index")) };
  }

  async #get(
    url: string,
    subject: string,
    service: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ entries: readonly unknown[]; headers: Headers }> {
    signal?.throwIfAborted();
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
        throw this.#error(cause.code, subject, cause.message, { service, status: cause.status });
      }
      throw this.#error(
        "REGISTRY_UNREACHABLE",
        subject,
        response === undefined ? "no answer" : "the answer broke off",
        { cause, service, status: response?.status },
      );
    }
    if (response.status !== 200) throw this.#refusal(subject, service, response, text);
    return { entries: this.#parse(subject, service, text), headers: response.headers };
  }

  #parse(subject: string, service: string | undefined, text: string): readonly unknown[] {
    let body: unknown;
    let cause: unknown;
    try {
      body = JSON.parse(text);
    } catch (error) {
      cause = error;
    }
    if (Array.isArray(body)) return body;
    const wanted = cause === undefined ? "a list" : "JSON";
    throw this.#error(
      "REGISTRY_RESPONSE",
      subject,
      `the answer must be ${wanted}, received ${this.#excerpt(text)}`,
      { cause, service, status: 200 },
    );
  }

  #refusal(
    subject: string,
    service: string | undefined,
    response: Response,
    text: string,
  ): PilotedError {
    const { status } = response;
    const facts = {
      service,
      status,
      retryAfterMs: decodeRetryAfter(response.headers.get("Retry-After")),
    };
    const said = `${status} ${this.#excerpt(text)}`;
    if (status === 401 || status === 403) {
      return this.#error(
        "REGISTRY_DENIED",
        subject,
        `the token is missing or may not read it, received ${said}`,
        facts,
      );
    }
    if (status === 0 || (status >= 300 && status < 400)) {
      return this.#error(
        "REGISTRY_RESPONSE",
        subject,
        `redirects are not followed, received ${status}; is this address really Consul`,
        facts,
      );
    }
    // 5xx is a Consul without a leader, or a proxy before it: as good as no answer.
    const code = status >= 500 ? "REGISTRY_UNREACHABLE" : "REGISTRY_RESPONSE";
    return this.#error(code, subject, `received ${said}`, facts);
  }

  #error(
    code: PilotedErrorCode,
    subject: string,
    why: string,
    facts: PilotedErrorOptions = {},
  ): PilotedError {
    return new PilotedError(code, `Cannot read ${subject} from Consul at ${this.#url}: ${why}`, {
      ...facts,
      url: this.#url,
    });
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
