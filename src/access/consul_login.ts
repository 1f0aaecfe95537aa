/**
 * Logging in to Consul.
 *
 * Source of the requests: "ACL HTTP API" of Consul's documentation, "Login to Auth Method" and
 * "Logout from Auth Method". A token is never renewed there: another login gives another token.
 *
 * @module
 */
import type { LoginConfig } from "../config/config.ts";
import type { Clock } from "../clock.ts";
import { describeNetworkError } from "../describe_network_error.ts";
import { PilotedError, type PilotedErrorCode } from "../errors.ts";
import { readTextFile } from "../runtime/files.ts";
import type { ConsulServer, Credentials } from "../source/consul_credentials.ts";
import { deadline } from "../wait.ts";

interface Token {
  readonly text: string;
  /** When another one is due, and when this one is worth nothing, in milliseconds since the Unix epoch. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

const LOGIN_MS = 10_000;
// close() waits for it.
const LOGOUT_MS = 2_000;
// After a failure every read would log in again, and a thousand watches read.
const RETRY_MS = 1_000;
const EXCERPT = 200;

/** The token of a login, replaced before it expires. */
export class Login implements Credentials {
  readonly #config: LoginConfig;
  readonly #clock: Clock;
  #token: Token | undefined;
  #running: Promise<Token> | undefined;
  #failure: { readonly error: PilotedError; readonly at: number } | undefined;
  // Tokens that are no longer used, until they are destroyed.
  readonly #old = new Set<string>();
  #server: ConsulServer | undefined;
  #isClosed = false;

  /** Creates it; nothing is sent yet. */
  constructor(config: LoginConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** Logs in where there is no token, or the one that there is expires soon. */
  async token(server: ConsulServer): Promise<string | undefined> {
    this.#server = server;
    const now = this.#clock.now();
    const token = this.#token;
    if (token !== undefined && now < token.renewAt) return token.text;
    try {
      return (await this.#login(server)).text;
    } catch (error) {
      // It is good for a while, and the next request tries again.
      if (token !== undefined && now < token.expiresAt) return token.text;
      throw error;
    }
  }

  /** Logs in again, unless somebody else has. */
  async refused(token: string | undefined): Promise<boolean> {
    if (this.#token?.text === token) this.#token = undefined;
    const server = this.#server;
    if (server === undefined) return false;
    return await this.token(server) !== token;
  }

  /** Destroys the tokens. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running?.catch(() => {});
    if (this.#token !== undefined) this.#old.add(this.#token.text);
    this.#token = undefined;
    await this.#logout();
  }

  #login(server: ConsulServer): Promise<Token> {
    const failure = this.#failure;
    if (failure !== undefined && this.#clock.now() - failure.at < RETRY_MS) {
      return Promise.reject(failure.error);
    }
    return this.#running ??= this.#sendLogin(server).then((token) => {
      if (this.#token !== undefined) this.#old.add(this.#token.text);
      this.#token = token;
      this.#failure = undefined;
      // The former token is destroyed with the next login: queries may still carry it.
      return token;
    }, (error) => {
      // Another server may respond where this one did not.
      if (error.code !== "REGISTRY_UNREACHABLE") {
        this.#failure = { error, at: this.#clock.now() };
      }
      throw error;
    }).finally(() => this.#running = undefined);
  }

  async #sendLogin(server: ConsulServer): Promise<Token> {
    if (this.#isClosed) throw new PilotedError("CLOSED", "Cannot log in to Consul: closed");
    await this.#logout();
    const { method, bearerTokenFile, meta } = this.#config;
    const bearer = await this.#readBearer(bearerTokenFile);
    const body = { AuthMethod: method, BearerToken: bearer, ...meta && { Meta: meta } };
    const sentAt = this.#clock.now();
    const { status, text } = await this.#send(server, "/v1/acl/login", LOGIN_MS, {
      body: JSON.stringify(body),
    });
    const hide = (text: string) => text.replaceAll(bearer, "<bearer token>").slice(0, EXCERPT);
    if (status !== 200) {
      const code: PilotedErrorCode = status >= 500 && !/auth method|binding/i.test(text)
        ? "REGISTRY_UNREACHABLE"
        : "REGISTRY_DENIED";
      throw this.#error(server, code, `received ${status} ${JSON.stringify(hide(text.trim()))}`, {
        status,
      });
    }
    const { SecretID: secret, ExpirationTime: expires } = parse(text);
    if (typeof secret !== "string" || secret === "") {
      throw this.#error(server, "REGISTRY_RESPONSE", "the response has no SecretID", { status });
    }
    const expiresAt = typeof expires === "string" ? Date.parse(expires) : NaN;
    // Half of its life is left for the queries that carry it: one may take more than a minute.
    return Number.isNaN(expiresAt)
      ? { text: secret, renewAt: Infinity, expiresAt: Infinity }
      : { text: secret, renewAt: sentAt + (expiresAt - sentAt) / 2, expiresAt };
  }

  async #readBearer(path: string): Promise<string> {
    try {
      const text = (await readTextFile(path)).trim();
      if (text !== "") return text;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `Cannot log in to Consul: the bearer token cannot be read: ${why}`;
      throw new PilotedError("CONFIG_INVALID", message, { path, cause });
    }
    const message = `Cannot log in to Consul: the file with the bearer token is empty, ${path}`;
    throw new PilotedError("CONFIG_INVALID", message, { path });
  }

  async #logout(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const tokens = [...this.#old];
    this.#old.clear();
    await Promise.all(tokens.map((token) =>
      this.#send(server, "/v1/acl/logout", LOGOUT_MS, {
        headers: { "X-Consul-Token": token },
      }).catch(() => {
        // It expires by itself.
      })
    ));
  }

  async #send(
    server: ConsulServer,
    path: string,
    timeoutMs: number,
    init: { readonly body?: string; readonly headers?: Record<string, string> },
  ): Promise<{ status: number; text: string }> {
    const send = async (signal: AbortSignal) => {
      const response = await server.post(path, { ...init, signal });
      return { status: response.status, text: await response.text() };
    };
    const why = `no response within ${timeoutMs} ms`;
    try {
      return await deadline(this.#clock, send, {
        timeoutMs,
        background: true,
        error: () => this.#error(server, "REGISTRY_UNREACHABLE", why),
      });
    } catch (cause) {
      if (cause instanceof PilotedError) throw cause;
      throw this.#error(server, "REGISTRY_UNREACHABLE", describeNetworkError(cause), { cause });
    }
  }

  #error(
    { url }: ConsulServer,
    code: PilotedErrorCode,
    why: string,
    facts: { readonly status?: number; readonly cause?: unknown } = {},
  ): PilotedError {
    const method = JSON.stringify(this.#config.method);
    const message = `Cannot log in to Consul at ${url} with auth method ${method}: ${why}`;
    return new PilotedError(code, message, { ...facts, url });
  }
}

function parse(text: string): { readonly SecretID?: unknown; readonly ExpirationTime?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
