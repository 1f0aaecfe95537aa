/**
 * Consul as a source of endpoints.
 *
 * @module
 */
import { describeNetworkError } from "../describe_network_error.ts";
import { PilotedError, type PilotedErrorCode, type PilotedErrorOptions } from "../errors.ts";
import { decodeCatalog } from "./consul_catalog.ts";
import { decodeHealth, decodeHealthInSlices } from "./consul_decode.ts";
import {
  decodeDenial,
  decodeFreshness,
  decodeIndex,
  decodeLimit,
  decodeVisibility,
} from "./consul_headers.ts";
import { decodeSummary } from "./consul_summary.ts";
import { parseRetryAfter } from "../retry_after.ts";
import { catalogUrl, healthUrl, summaryUrl } from "./consul_url.ts";
import { ConsulHttp, type ConsulHttpOptions } from "./consul_http.ts";
import { readBody } from "./read_body.ts";
import type { Listing, ListQuery, Query, Reading, ReadOptions, Source, Summary } from "./source.ts";

/** Options of {@linkcode ConsulSource}. */
export interface ConsulSourceOptions extends ConsulHttpOptions {
  /** Largest response that is accepted, in bytes after decompression. @default {33_554_432} */
  readonly maxResponseBytes?: number | undefined;
}

// 10,000 instances with two checks each come to about 15 MB.
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
// Of a refusal only the beginning is shown.
const MAX_REFUSAL_BYTES = 64 * 1024;
const EXCERPT = 120;
// Entries that are decoded in about a millisecond, at once.
const SHORT_LIST = 1_000;

/** What is asked for, in words, and the service in question. */
interface Subject {
  readonly name: string;
  readonly service?: string | undefined;
  /** The token that was sent, so that a message can leave it out. */
  readonly token?: string | undefined;
}

interface Answer {
  /** Token that was sent, to keep it out of messages. */
  readonly token: string | undefined;
  readonly body: unknown;
  readonly headers: Headers;
}

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
 * assertEquals((await source.read({ service: "app" })).position, "7");
 * ```
 */
export class ConsulSource implements Source {
  /** Always `"consul"`. */
  readonly name = "consul";
  /** `Consul at` its address. */
  readonly place: string;
  readonly #http: ConsulHttp;
  readonly #maxResponseBytes: number;

  /**
   * Makes a source. Nothing is asked yet.
   *
   * @param options Where Consul is and how it is asked.
   * @throws {PilotedError} `CONFIG_INVALID` when the token can't be sent in a header.
   */
  constructor(options: ConsulSourceOptions) {
    this.place = `Consul at ${options.url}`;
    this.#http = new ConsulHttp(options);
    this.#maxResponseBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;
  }

  /** Asks once. See {@linkcode Source.read}. */
  async read(query: Query, options: ReadOptions = {}): Promise<Reading> {
    const { service, datacenter } = query;
    const where = datacenter ? ` in datacenter ${JSON.stringify(datacenter)}` : "";
    const subject = { name: `service ${JSON.stringify(service)}${where}`, service };
    const url = (options: ReadOptions) => healthUrl(this.#http.url, query, options);
    const { entries, headers } = await this.#getList(url, subject, options);
    const { checks = false, signal } = options;
    const decoded = entries.length <= SHORT_LIST
      ? decodeHealth(entries, query, checks)
      : await decodeHealthInSlices(entries, query, signal, checks);
    return {
      endpoints: decoded.endpoints,
      skipped: decoded.skipped,
      skippedCount: decoded.skippedCount,
      nodeFailedCount: decoded.nodeFailedCount,
      checks: decoded.checks,
      position: decodeIndex(headers),
      freshness: decodeFreshness(headers),
      ...decodeVisibility(headers, this.#http.hasToken),
    };
  }

  /** Asks for all services at once. See {@linkcode Source.summarize}. */
  async summarize(options: ReadOptions = {}): Promise<Summary> {
    const url = (options: ReadOptions) => summaryUrl(this.#http.url, options);
    const subject = { name: "the summary of services" };
    const { entries, headers } = await this.#getList(url, subject, options);
    const services = await decodeSummary(entries, options.signal);
    if (services === undefined) {
      throw this.#error("REGISTRY_RESPONSE", subject, "the list has entries of another kind");
    }
    return { services, position: decodeIndex(headers) };
  }

  /** Asks for the names of all services. See {@linkcode Source.list}. */
  async list(query: ListQuery = {}, options: ReadOptions = {}): Promise<Listing> {
    const subject = { name: "the list of services" };
    const url = (options: ReadOptions) => catalogUrl(this.#http.url, query, options);
    const { body, headers } = await this.#get(url, subject, options);
    const services = decodeCatalog(body);
    if (services === undefined) {
      throw this.#error(
        "REGISTRY_RESPONSE",
        subject,
        "the answer must be an object of lists of tags",
      );
    }
    return { services, position: decodeIndex(headers) };
  }

  /** Consul's index only grows, until the data is restored or replaced. */
  isBehind(position: string, known: string): boolean {
    return BigInt(position) < BigInt(known);
  }

  async #getList(
    url: (options: ReadOptions) => string,
    subject: Subject,
    options: ReadOptions,
  ): Promise<{ entries: readonly unknown[]; headers: Headers }> {
    const { body, headers, token } = await this.#get(url, subject, options);
    if (Array.isArray(body)) return { entries: body, headers };
    const excerpt = this.#excerpt({ ...subject, token }, headers, JSON.stringify(body));
    const why = `the answer must be a list, received ${excerpt}`;
    throw this.#error("REGISTRY_RESPONSE", subject, why, { status: 200 });
  }

  /** Sends a request, and again with another token when there is one after a refusal. */
  async #get(
    url: (options: ReadOptions) => string,
    subject: Subject,
    options: ReadOptions,
  ): Promise<Answer> {
    const { signal } = options;
    signal?.throwIfAborted();
    const send = (options: ReadOptions) => (token: string | undefined) =>
      this.#send(url(options), { ...subject, token }, signal);
    // After a refusal plain: of the time for a blocking query little may be left.
    const again = send({ ...options, position: undefined });
    return await this.#http.authorized(send(options), signal, again);
  }

  async #send(url: string, subject: Subject, signal: AbortSignal | undefined): Promise<Answer> {
    const { token } = subject;
    let response: Response | undefined;
    let text: string | undefined;
    try {
      response = await this.#http.send(url, token, { signal });
      const limit = response.status === 200 ? this.#maxResponseBytes : MAX_REFUSAL_BYTES;
      text = await readBody(response, limit);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw this.#failure(subject, response, cause);
    }
    if (response.status !== 200) throw this.#refusal(subject, response, text);
    return { token, body: this.#parse(subject, response, text), headers: response.headers };
  }

  #parse(subject: Subject, { headers }: Response, text: string | undefined): unknown {
    const facts = { status: 200 };
    if (text === undefined) {
      const why = `the answer is larger than ${this.#maxResponseBytes} bytes, the limit of the ` +
        "option maxResponseBytes";
      throw this.#error("REGISTRY_RESPONSE", subject, why, facts);
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      const why = `the answer must be JSON, received ${this.#excerpt(subject, headers, text)}`;
      // The parser's own message quotes a few characters, which may be some of the token's.
      const { token } = subject;
      const safe = token && text.includes(token) ? undefined : cause;
      throw this.#error("REGISTRY_RESPONSE", subject, why, { ...facts, cause: safe });
    }
  }

  #failure(subject: Subject, response: Response | undefined, cause: unknown): PilotedError {
    const facts = { cause, status: response?.status };
    // The transport's own: a certificate that can't be used, or it was closed.
    if (cause instanceof PilotedError) {
      return this.#error(cause.code, subject, cause.message, facts);
    }
    const reason = describeNetworkError(cause);
    const why = response === undefined ? reason : `the response was cut off: ${reason}`;
    return this.#error("REGISTRY_UNREACHABLE", subject, why, facts);
  }

  #refusal(subject: Subject, response: Response, text: string | undefined): PilotedError {
    const { status, headers } = response;
    const limit = decodeLimit(status, text);
    const facts = { status, limit, retryAfterMs: parseRetryAfter(headers, Date.now()) };
    // Browsers hide the status of a redirect that is not followed: it is 0.
    if ([0, 301, 302, 303, 307, 308].includes(status)) {
      const why = `redirects are not followed, received ${status}; is this address really Consul`;
      return this.#error("REGISTRY_RESPONSE", subject, why, facts);
    }
    const said = `received ${status} ${this.#excerpt(subject, headers, text)}`;
    if (status === 401 || status === 403) {
      const { isToken, why } = decodeDenial(text);
      const code = isToken ? "REGISTRY_DENIED" : "REGISTRY_RESPONSE";
      return this.#error(code, subject, `${why}, ${said}`, facts);
    }
    // 5xx is a Consul without a leader, or a proxy before it: as good as no answer. That it knows no
    // such datacenter is an answer, and asking every second would not change it.
    const away = status >= 500 && limit === undefined && !text?.includes("No path to datacenter");
    const code = away ? "REGISTRY_UNREACHABLE" : "REGISTRY_RESPONSE";
    return this.#error(code, subject, said, facts);
  }

  #error(
    code: PilotedErrorCode,
    subject: Subject,
    why: string,
    facts: PilotedErrorOptions = {},
  ): PilotedError {
    const message = `Cannot read ${subject.name} from ${this.place}: ${why}`;
    return new PilotedError(code, message, {
      ...facts,
      service: subject.service,
      url: this.#http.url,
    });
  }

  /** The beginning of a body for a message, without the token should the other side echo it. */
  #excerpt({ token }: Subject, headers: Headers, text: string | undefined): string {
    if (text === undefined) return "a very large body";
    const clean = token ? text.replaceAll(token, "<token>") : text;
    const line = clean.trim().replace(/\s+/g, " ");
    if (line === "") return "an empty body";
    const excerpt = JSON.stringify(line.length > EXCERPT ? `${line.slice(0, EXCERPT)}...` : line);
    const isPage = /^<(!doctype|html|head|body|title|!--)/i.test(line) ||
      /^text\/html\b/i.test(headers.get("Content-Type") ?? "");
    return isPage ? `an HTML page, is a proxy in between? ${excerpt}` : excerpt;
  }
}
