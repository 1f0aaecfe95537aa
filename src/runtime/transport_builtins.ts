/**
 * The little of Node's built-in modules that the transport uses, in types of its own: the core is
 * type-checked without any runtime's types, and must load where there are no such modules.
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

/** An answer's body, of either protocol. */
export interface Incoming extends Emitter {
  /** Stops the flow of "data" events. */
  pause(): unknown;
  /** Lets it go on. */
  resume(): unknown;
  /** Drops what is left, and the connection of HTTP/1.1 with it. */
  destroy(): unknown;
  /** Code with which an HTTP/2 stream was reset, 0 or absent otherwise. */
  readonly rstCode?: number;
}

/** An answer of HTTP/1.1. */
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

/** Keeps connections of HTTP/1.1 for the next request. */
export interface Agent {
  /** Closes every connection. */
  destroy(): void;
  /** Connections that carry a request, by host. */
  readonly sockets: Readonly<Record<string, readonly Emitter[] | undefined>>;
  /** Connections that wait for one, by host. */
  readonly freeSockets: Readonly<Record<string, readonly Emitter[] | undefined>>;
}

/** `node:http` and `node:https`. */
export interface HttpModule {
  /** Class of {@linkcode Agent}. */
  readonly Agent: new (options: { keepAlive: boolean; timeout: number }) => Agent;
  /** Begins a request. */
  request(url: URL, options: Readonly<Record<string, unknown>>): ClientRequest;
}

/** A connection with TLS. */
export interface TlsSocket extends Emitter {
  /** What the other side picked out of our list; `false` where it picked nothing. */
  readonly alpnProtocol: string | false | null;
  /** Closes it. */
  destroy(): unknown;
}

/** `node:tls`. */
export interface TlsModule {
  /** Begins a connection; throws on a certificate or key that it can't use. */
  connect(options: Readonly<Record<string, unknown>>): TlsSocket;
}

/** One request and answer of HTTP/2. */
export interface Http2Stream extends Incoming {
  /** Sends the body and the end of the request. */
  end(body?: Uint8Array): unknown;
  /** Resets this stream alone. */
  close(code: number): void;
}

/** One connection of HTTP/2. */
export interface Http2Session extends Emitter {
  /** What the other side allows; `undefined` until it has said so. */
  readonly remoteSettings?: { readonly maxConcurrentStreams?: number };
  /** Whether it is over. */
  readonly destroyed: boolean;
  /** Whether it takes no more requests, because either side said so. */
  readonly closed: boolean;
  /** Begins a request. */
  request(headers: Readonly<Record<string, string>>, options: { endStream: boolean }): Http2Stream;
  /** Asks the other side for a sign of life. */
  ping(callback: (error: Error | null) => void): boolean;
  /** Ends it with all its streams, for the reason given. */
  destroy(error?: Error): void;
  /** Lets the process live for it. */
  ref(): void;
  /** Does not. */
  unref(): void;
}

/** `node:http2`. */
export interface Http2Module {
  /** Speaks HTTP/2 over a connection that is there already. */
  connect(origin: string, options: { createConnection: () => TlsSocket }): Http2Session;
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

interface BuiltinModules {
  "node:fs/promises": FileModule;
  "node:http": HttpModule;
  "node:https": HttpModule;
  "node:http2": Http2Module;
  "node:tls": TlsModule;
}

/**
 * Gets one of Node's built-in modules without an import, which bundlers and edge runtimes would
 * trip over. Node (from 20.16), Deno 2 and Bun all have it.
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
