/**
 * Types of the parts of Node's built-in modules that the transport uses: the core is type-checked
 * without any runtime's types, and must load where there are no such modules.
 *
 * @module
 */

/** Anything that emits events. */
export interface Emitter {
  /** Listens. */
  on(event: string, listener: (...args: never[]) => void): unknown;
  /** Listens once. */
  once(event: string, listener: (...args: never[]) => void): unknown;
}

/** Body of a response, of either protocol. */
export interface Incoming extends Emitter {
  /** Stops "data" events. */
  pause(): unknown;
  /** Starts "data" events again. */
  resume(): unknown;
  /** Discards the rest, and closes the connection in HTTP/1.1. */
  destroy(): unknown;
  /** Code with which an HTTP/2 stream was reset, 0 or absent otherwise. */
  readonly rstCode?: number;
}

/** A response of HTTP/1.1. */
export interface IncomingMessage extends Incoming {
  /** HTTP status. */
  readonly statusCode: number;
  /** Reason phrase. */
  readonly statusMessage: string;
  /** Names and values, one after the other. */
  readonly rawHeaders: readonly string[];
}

/** A request of HTTP/1.1. */
export interface ClientRequest extends Emitter {
  /** Sends the body and the end of the request. */
  end(body?: Uint8Array): unknown;
  /** Closes its connection. */
  destroy(): unknown;
}

/** A connection of HTTP/1.1. */
interface AgentSocket extends Emitter {
  /** Whether it is not open yet. */
  readonly connecting?: boolean;
}

/** Keeps connections of HTTP/1.1 for the next request. */
export interface Agent {
  /** Closes every connection. */
  destroy(): void;
  /** Connections that carry a request or are being opened for one, by host. */
  readonly sockets: Readonly<Record<string, readonly AgentSocket[] | undefined>>;
  /** Idle connections, by host. */
  readonly freeSockets: Readonly<Record<string, readonly Emitter[] | undefined>>;
}

/** `node:http` and `node:https`. */
export interface HttpModule {
  /** Class of {@linkcode Agent}. */
  readonly Agent: new (options: { keepAlive: boolean; timeout: number }) => Agent;
  /** Starts a request. */
  request(url: URL, options: Readonly<Record<string, unknown>>): ClientRequest;
}

/** A connection with TLS. */
export interface TlsSocket extends Emitter {
  /** Protocol that the other side chose; `false` when it chose none. */
  readonly alpnProtocol: string | false | null;
  /** The other side's certificate, empty without one. */
  getPeerCertificate(): { readonly valid_from?: string; readonly valid_to?: string };
  /** Closes it. */
  destroy(): unknown;
}

/** `node:tls`. */
export interface TlsModule {
  /** Starts a connection; throws when a certificate or key cannot be used. */
  connect(options: Readonly<Record<string, unknown>>): TlsSocket;
}

/** One request and response of HTTP/2. */
export interface Http2Stream extends Incoming {
  /** Sends the body and the end of the request. */
  end(body?: Uint8Array): unknown;
  /** Resets this stream alone. */
  close(code: number): void;
}

/** One connection of HTTP/2. */
export interface Http2Session extends Emitter {
  /** Settings of the other side; `undefined` until they have arrived. */
  readonly remoteSettings?: { readonly maxConcurrentStreams?: number };
  /** Whether it is closed. */
  readonly destroyed: boolean;
  /** Whether it accepts no more requests, because either side is closing it. */
  readonly closed: boolean;
  /** Starts a request. */
  request(headers: Readonly<Record<string, string>>, options: { endStream: boolean }): Http2Stream;
  /** Sends a ping; `false` when it cannot. */
  ping(callback: (error: Error | null) => void): boolean;
  /** Closes it and fails its streams with this error. */
  destroy(error?: Error): void;
  /** Keeps the process alive for it. */
  ref(): void;
  /** Does not keep the process alive for it. */
  unref(): void;
}

/** `node:http2`. */
export interface Http2Module {
  /** Speaks HTTP/2 over an open connection. */
  connect(
    origin: string,
    options: {
      createConnection: () => TlsSocket;
      settings: { readonly enablePush: boolean };
    },
  ): Http2Session;
}

/** `node:fs/promises`. */
export interface FileModule {
  /** Reads a text file. */
  readFile(path: string, encoding: "utf8"): Promise<string>;
  /** Lists a folder. */
  readdir(path: string): Promise<string[]>;
  /** Tells a file from a folder, following links. */
  stat(path: string): Promise<{ isFile(): boolean }>;
}

/** Undoes a compression. */
export interface Decoder extends Emitter {
  /** Takes compressed bytes and calls back when they are worked off. */
  write(chunk: Uint8Array, done: () => void): unknown;
  /** There are no more. */
  end(): unknown;
  /** Stops "data" events. */
  pause(): unknown;
  /** Starts "data" events again. */
  resume(): unknown;
  /** Ends it. */
  destroy(): unknown;
}

/** `node:zlib`. */
export interface ZlibModule {
  /** For gzip. */
  createGunzip(): Decoder;
  /** For deflate with the header of RFC 1950. */
  createInflate(): Decoder;
  /** For deflate without it. */
  createInflateRaw(): Decoder;
  /** For br. */
  createBrotliDecompress(): Decoder;
}

/** `node:dns/promises`. */
interface DnsModule {
  /** Resolves a name as the operating system does. */
  lookup(name: string, options: { all: true }): Promise<readonly { readonly address: string }[]>;
}

/** `node:net`. */
interface NetModule {
  /** Starts a TCP connection. */
  connect(
    options: { readonly host: string; readonly port: number },
  ): Emitter & { destroy(): unknown };
}

interface BuiltinModules {
  "node:dns/promises": DnsModule;
  "node:zlib": ZlibModule;
  "node:fs/promises": FileModule;
  "node:http": HttpModule;
  "node:https": HttpModule;
  "node:http2": Http2Module;
  "node:tls": TlsModule;
  "node:net": NetModule;
}

/**
 * Returns one of Node's built-in modules without an import, which bundlers and edge runtimes would
 * fail on. Node (from 20.16), Deno 2 and Bun all have it.
 *
 * @param name Name of the module.
 * @returns The module, or `undefined` where this runtime has none of that name.
 */
export function builtin<Name extends keyof BuiltinModules>(
  name: Name,
): BuiltinModules[Name] | undefined {
  const { process } = globalThis as unknown as {
    process?: { getBuiltinModule?(name: string): unknown };
  };
  return process?.getBuiltinModule?.(name) as BuiltinModules[Name] | undefined;
}
