/**
 * The connections with TLS to one origin.
 *
 * @module
 */
import type { TlsConfig } from "../../config/config.ts";
import { PilotedError } from "../../errors.ts";
import { abortable, onAbort } from "../../wait.ts";
import {
  type Agent,
  builtin,
  type Http2Module,
  type HttpModule,
  type TlsModule,
  type TlsSocket,
} from "./node_builtins.ts";
import { certificateError } from "./certificate_dates.ts";
import { listen } from "./guard.ts";
import type { ConnectTo } from "./contract.ts";
import { closeAgent, IDLE_MS, isConnecting, sendHttp1, serverName } from "./http1.ts";
import { Http2Connection } from "./http2.ts";
import { networkError, transportClosed, type WireRequest } from "./response.ts";
import { readTlsMaterial, type TlsMaterial } from "./tls_material.ts";

/** One attempt to connect, shared by all requests that wait for a connection. */
interface Handshake {
  readonly done: Promise<Http2Connection | undefined>;
  readonly abandon: AbortController;
  waiting: number;
}

/**
 * Sends requests to one origin over HTTP/2, or over HTTP/1.1 when the other side does not support
 * it. Opens another connection of HTTP/2 only when all others carry as many requests as the other
 * side allows. Certificates and keys are read from their files for every new connection of HTTP/2,
 * and again after any failure of HTTP/1.1, so renewed files are used without a restart.
 */
export class TlsPool {
  readonly #origin: string;
  readonly #url: URL;
  readonly #connectTo: ConnectTo | undefined;
  readonly #port: number;
  readonly #tls: TlsConfig;
  readonly #modules: { http2: Http2Module; https: HttpModule; tls: TlsModule };
  readonly #agent: Agent;
  readonly #pingTimeoutMs: number | undefined;
  readonly #connections = new Set<Http2Connection>();
  readonly #handshakes = new Set<Handshake>();
  // The attempt that new requests join.
  #handshake: Handshake | undefined;
  // Set when the other side does not support HTTP/2.
  #http1: TlsMaterial | undefined;
  #closed = false;

  /**
   * Creates a pool without connections.
   *
   * @param url Any address at the origin.
   * @param tls Certificates, keys and what to verify.
   * @param pingTimeoutMs As for {@linkcode Http2Connection}.
   * @param connectTo Where to connect to, instead of the host of the address.
   * @throws {PilotedError} `CONFIG_INVALID` where the runtime has no sockets.
   */
  constructor(url: URL, tls: TlsConfig, pingTimeoutMs?: number, connectTo?: ConnectTo) {
    const http2 = builtin("node:http2");
    const https = builtin("node:https");
    const node = builtin("node:tls");
    if (http2 === undefined || https === undefined || node === undefined) {
      throw new PilotedError(
        "CONFIG_INVALID",
        "Cannot use TLS settings: this runtime has no sockets",
      );
    }
    this.#modules = { http2, https, tls: node };
    this.#agent = new https.Agent({ keepAlive: true, timeout: IDLE_MS });
    this.#origin = url.origin;
    this.#url = url;
    this.#connectTo = connectTo;
    this.#port = Number(url.port || 443);
    this.#tls = tls;
    this.#pingTimeoutMs = pingTimeoutMs;
  }

  /** Whether requests share connections. */
  get multiplexed(): boolean {
    for (const connection of this.#connections) if (!connection.useless) return true;
    return false;
  }

  /** Whether a request waits for a connection, or for the end of its TLS handshake. */
  get connecting(): boolean {
    return this.#handshakes.size > 0 || isConnecting(this.#agent);
  }

  /**
   * Sends a request and waits for the head of its response.
   *
   * @param request The request.
   * @returns The response.
   * @throws {PilotedError} `CONFIG_INVALID` when a certificate or key can't be used.
   * @throws {TypeError} when there is no response; its message and cause say why.
   * @throws The signal's own reason when it aborts.
   */
  async send(request: WireRequest): Promise<Response> {
    for (;;) {
      request.signal?.throwIfAborted();
      if (this.#closed) throw transportClosed();
      if (this.#http1 !== undefined) return await this.#sendHttp1(request, this.#http1);
      // Chosen and used without a pause, so that two requests never take the same last place.
      for (const connection of this.#connections) {
        if (connection.hasRoom) return await connection.send(request);
      }
      const connection = await this.#join(request.signal);
      // Only a full connection is a reason to try again at once.
      if (connection?.useless) {
        throw networkError(this.#origin, new Error("the connection was closed at once"));
      }
    }
  }

  /** Closes every connection and fails what is in flight. Resolves when they are closed. */
  async close(): Promise<void> {
    this.#closed = true;
    const handshakes = [...this.#handshakes];
    for (const { abandon } of handshakes) abandon.abort(transportClosed());
    await Promise.allSettled([
      ...handshakes.map(({ done }) => done),
      ...[...this.#connections].map((connection) => connection.close()),
      closeAgent(this.#agent),
    ]);
  }

  async #sendHttp1(request: WireRequest, material: TlsMaterial): Promise<Response> {
    try {
      const options = { tls: material, connectTo: this.#connectTo };
      return await sendHttp1(this.#modules.https, this.#agent, request, options);
    } catch (error) {
      if (this.#http1 === material && !request.signal?.aborted) this.#http1 = undefined;
      throw error;
    }
  }

  // Returns undefined when the other side does not support HTTP/2.
  async #join(signal: AbortSignal | undefined): Promise<Http2Connection | undefined> {
    const handshake = this.#handshake ??= this.#begin();
    handshake.waiting++;
    try {
      return await abortable(handshake.done, signal);
    } finally {
      // An abort shows that this attempt may hang: new requests must not join it.
      if (signal?.aborted) this.#leave(handshake);
      if (--handshake.waiting === 0) handshake.abandon.abort();
    }
  }

  #begin(): Handshake {
    const abandon = new AbortController();
    const handshake: Handshake = {
      done: this.#connect(abandon.signal).finally(() => {
        this.#leave(handshake);
        this.#handshakes.delete(handshake);
      }),
      abandon,
      waiting: 0,
    };
    this.#handshakes.add(handshake);
    return handshake;
  }

  #leave(handshake: Handshake): void {
    if (this.#handshake === handshake) this.#handshake = undefined;
  }

  async #connect(signal: AbortSignal): Promise<Http2Connection | undefined> {
    const material = await readTlsMaterial(this.#tls);
    signal.throwIfAborted();
    const socket = this.#openSocket(material);
    const removeAbort = onAbort(signal, () => void socket.destroy());
    try {
      await new Promise<void>((resolve, reject) => {
        listen(socket, {
          secureConnect: () => resolve(),
          error: reject,
          close: () => reject(new Error("the connection was closed while connecting")),
        }, reject);
      });
      if (socket.alpnProtocol === "h2") return await this.#speakHttp2(socket);
      socket.destroy();
      this.#http1 = material;
      return undefined;
    } catch (error) {
      socket.destroy();
      const { servername } = material;
      const options = { ...this.#where(), ...servername !== undefined && { servername } };
      const connection = { tls: this.#modules.tls, options };
      const reason = await certificateError(error, connection, signal);
      throw signal.aborted ? signal.reason : networkError(this.#origin, reason);
    } finally {
      removeAbort();
    }
  }

  #openSocket(material: TlsMaterial): TlsSocket {
    try {
      return this.#modules.tls.connect({
        ALPNProtocols: ["h2", "http/1.1"],
        ...this.#where(),
        ...material,
      });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new PilotedError("CONFIG_INVALID", `Cannot use the TLS settings: ${why}`, { cause });
    }
  }

  #where(): Readonly<Record<string, unknown>> {
    const to = this.#connectTo ?? { host: this.#url.hostname.replace(/^\[|\]$/g, "") };
    return {
      ..."host" in to ? { ...to, port: this.#port } : { path: to.socketPath },
      ...serverName(this.#url),
    };
  }

  async #speakHttp2(socket: TlsSocket): Promise<Http2Connection> {
    const connection = new Http2Connection(
      this.#modules.http2,
      this.#origin,
      socket,
      this.#pingTimeoutMs,
    );
    this.#connections.add(connection);
    connection.closed.then(() => this.#connections.delete(connection));
    try {
      await connection.ready;
    } catch (cause) {
      // Deno loses the alert of a server that requires a client certificate when it comes at once.
      const { code } = cause as { code?: unknown };
      if (code !== "EPIPE" && code !== "ECONNRESET") throw cause;
      throw new Error("the connection was closed after the TLS handshake", { cause });
    }
    return connection;
  }
}
