/**
 * Requests to one Consul server as a configuration wants them: with its token, basic authentication,
 * namespace and admin partition.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import { type Fetch, uncached } from "../platform_fetch.ts";
import { revealSecret, type Secret } from "../secret.ts";
import { abortable } from "../wait.ts";
import { basicAuthorization, checkToken, type Credentials } from "./consul_credentials.ts";

// A file may be read several times while a new token is written to it.
const TOKEN_ATTEMPTS = 5;

/** How a Consul server is reached. */
export interface ConsulHttpOptions {
  /** `http://host:port`, `https://host:port` or `unix:///path`, without a trailing slash. */
  readonly url: string;
  /** ACL token, sent as `X-Consul-Token`. @default {undefined} */
  readonly token?: string | Secret | undefined;
  /** Where the token of each request comes from, instead of `token`. @default {undefined} */
  readonly credentials?: Credentials | undefined;
  /** `user:password` for basic authentication. @default {undefined} */
  readonly httpAuth?: string | Secret | undefined;
  /** Namespace of requests that name none (Consul Enterprise). @default {undefined} */
  readonly namespace?: string | undefined;
  /** Admin partition of requests that name none (Consul Enterprise). @default {undefined} */
  readonly partition?: string | undefined;
  /** Sends the requests. @default {globalThis.fetch} */
  readonly fetch?: Fetch | undefined;
}

/** What a request has beside its URL. */
export interface ConsulRequestInit {
  readonly method?: string | undefined;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests to one Consul server. */
export class ConsulHttp {
  /** Address of the server. */
  readonly url: string;
  readonly #token: string | undefined;
  readonly #credentials: Credentials | undefined;
  readonly #fetch: Fetch;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #reach: Readonly<Record<string, string>>;

  /**
   * Creates it; nothing is sent yet.
   *
   * @param options How the server is reached.
   * @throws {PilotedError} `CONFIG_INVALID` when the token can't be sent in a header.
   */
  constructor(options: ConsulHttpOptions) {
    const { url, namespace, partition, httpAuth } = options;
    const token = revealSecret(options.token);
    checkToken(token ?? "");
    this.url = url;
    this.#token = token || undefined;
    this.#credentials = options.credentials;
    // Looked up at each call, so that a stubbed or instrumented global fetch is used.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#headers = {
      Accept: "application/json",
      ...httpAuth && { Authorization: basicAuthorization(revealSecret(httpAuth)!) },
    };
    this.#reach = { ...namespace && { ns: namespace }, ...partition && { partition } };
  }

  /** Whether the configuration itself has a token. */
  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  /**
   * The token to send now.
   *
   * @param signal Ends the wait for it.
   * @throws {PilotedError} when there should be one and is not.
   */
  async token(signal?: AbortSignal): Promise<string | undefined> {
    if (this.#credentials === undefined) return this.#token;
    const server = {
      url: this.url,
      post: (path: string, init: RequestInit) =>
        this.#fetch(this.#complete(this.url + path), {
          ...init,
          method: "POST",
          headers: { ...this.#headers, ...init.headers as Record<string, string> },
          redirect: "manual",
        }),
    };
    const token = await abortable(this.#credentials.token(server), signal);
    checkToken(token ?? "");
    return token;
  }

  /**
   * Does something with the current token, and again with another one when Consul refuses it and there
   * is one.
   *
   * @param work Sends requests with the token that it receives.
   * @param signal Ends the wait for tokens.
   * @param again What is done after a refusal. @default {work}
   * @throws What `work` throws.
   */
  async authorized<T>(
    work: (token: string | undefined) => Promise<T>,
    signal?: AbortSignal,
    again: (token: string | undefined) => Promise<T> = work,
  ): Promise<T> {
    if (this.#credentials === undefined) return await work(this.#token);
    let send = work;
    for (let attempt = 1;; attempt++) {
      const token = await this.token(signal);
      try {
        const result = await send(token);
        this.#credentials.accepted?.();
        return result;
      } catch (error) {
        const isDenied = error instanceof PilotedError && error.code === "REGISTRY_DENIED";
        if (!isDenied || attempt === TOKEN_ATTEMPTS) throw error;
        if (!await abortable(this.#credentials.refused(token), signal)) throw error;
        send = again;
      }
    }
  }

  /**
   * Sends a request.
   *
   * @param url Complete URL, or one that lacks namespace and partition.
   * @param token The token.
   * @param init Method, body, signal. @default {a GET request}
   * @returns The response, as `fetch` returns it. A redirect is not followed: it could lead the token
   * to another host.
   */
  send(
    url: string,
    token: string | undefined,
    { method, body, signal }: ConsulRequestInit = {},
  ): Promise<Response> {
    const isPlain = token === undefined && body === undefined;
    return this.#fetch(this.#complete(url), {
      ...method !== undefined && { method },
      headers: isPlain ? this.#headers : {
        ...this.#headers,
        ...token && { "X-Consul-Token": token },
        ...body !== undefined && { "Content-Type": "application/json" },
      },
      ...body !== undefined && { body },
      redirect: "manual",
      ...uncached(),
      ...signal && { signal },
    });
  }

  /** Adds the namespace and the partition where the URL names none. */
  #complete(url: string): string {
    let complete = url;
    for (const [name, value] of Object.entries(this.#reach)) {
      if (new RegExp(`[?&]${name}=`).test(complete)) continue;
      const separator = complete.includes("?") ? "&" : "?";
      complete += `${separator}${name}=${encodeURIComponent(value)}`;
    }
    return complete;
  }
}
