/**
 * Several servers of one registry, of which one is used at a time.
 *
 * Without a local agent an application asks Consul's servers themselves. Each of them answers from
 * its own copy of the data, with an index that is not comparable to that of another, so one is
 * pinned: every read goes there, and positions belong to it. When it fails, the next one is pinned,
 * and its positions start anew.
 *
 * A read that fails at one server is repeated at the next one within its own deadline, which is safe
 * since reads change nothing. A blocking query that is cut off says little of the server (proxies cut
 * quiet connections), so a plain read decides: if that succeeds the server stays, and whoever
 * sent the query learns that it was cut. A server that is gone (refused, reset, timeout) takes its
 * blocking queries along: they would otherwise hang until they expire. One that answers "429" or "500"
 * keeps them: they are the cheapest reads there are.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { PilotedError } from "../errors.ts";
import type {
  Listing,
  ListQuery,
  Query,
  Reading,
  ReadOptions,
  Source,
  Summary,
} from "../source/source.ts";
import { deadline } from "../wait.ts";
import { nothingWithin, type Registry } from "./connection.ts";

/** One server. */
export interface Server {
  /** Tells it from others; shown in messages. */
  readonly address: string;
  /** Connects to it; nothing is sent yet. */
  open(): Registry;
}

/** Options of {@linkcode PinnedServers}. */
export interface PinnedServersOptions {
  /** Finds the servers that there are now, one at least, the best first. Must not reject. */
  readonly find: () => Promise<readonly Server[]>;
  /** Time. */
  readonly clock: Clock;
  /** Time for a response that a server need not hold, in milliseconds: half of it for one server. */
  readonly requestTimeoutMs: number;
  /** Another server is used from now on. */
  readonly moved?: ((error: PilotedError) => void) | undefined;
  /** Called once when everything was closed but the connections. */
  readonly closing?: (() => Promise<void>) | undefined;
}

/** The server in use. */
interface Pin {
  readonly server: Server;
  readonly registry: Registry;
  /** Part of every position that it gives. */
  readonly epoch: number;
  /** Number of servers that were found along with it. */
  readonly count: number;
  /** Ends its reads when it is gone. */
  readonly left: AbortController;
  readonly reads: Set<Promise<unknown>>;
}

// Ends a read at a server that is gone; never leaves this file.
const MOVED = Symbol("moved");

/** Several servers of one registry, of which one is used at a time. */
export class PinnedServers implements Registry {
  /** Reads the server in use. */
  readonly source: Source;
  readonly #options: PinnedServersOptions;
  readonly #failedAt = new Map<string, number>();
  #pin: Pin | undefined;
  #choosing: Promise<Pin> | undefined;
  #epoch = 0;
  #isClosed = false;
  readonly #closing = new Set<Promise<void>>();

  /** Creates it; no server is looked for yet. */
  constructor(options: PinnedServersOptions) {
    this.#options = options;
    const place = () => `Consul at ${this.address ?? "several addresses"}`;
    this.source = {
      name: "consul",
      get place() {
        return place();
      },
      read: (query: Query, options: ReadOptions = {}): Promise<Reading> =>
        this.#run((source, options) => source.read(query, options), options),
      summarize: (options: ReadOptions = {}): Promise<Summary> =>
        this.#run((source, options) => source.summarize!(options), options),
      list: (query?: ListQuery, options: ReadOptions = {}): Promise<Listing> =>
        this.#run((source, options) => source.list!(query, options), options),
      isBehind: (position, known) => this.#isBehind(position, known),
    };
  }

  /** Address of the server in use; `undefined` before the first read. */
  get address(): string | undefined {
    return this.#pin?.server.address;
  }

  /** Whether reads share connections at present (HTTP/2). */
  multiplexed(): boolean {
    return this.#pin?.registry.multiplexed() ?? false;
  }

  /** Whether a read waits for its connection to open. */
  connecting(): boolean {
    return this.#pin?.registry.connecting?.() ?? false;
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#options.closing?.();
    await this.#choosing?.catch(() => {});
    await Promise.allSettled(this.#closing);
    await this.#pin?.registry.close();
  }

  async #run<T extends { readonly position: string | undefined }>(
    work: (source: Source, options: ReadOptions) => Promise<T>,
    options: ReadOptions,
  ): Promise<T> {
    const { signal } = options;
    const failures = new Map<string, PilotedError>();
    let isPlain = false;
    // Others may move the pin as well, so a bound that does not depend on them.
    for (let attempt = 0;; attempt++) {
      const pin = await this.#current();
      const { address } = pin.server;
      if (failures.has(address) || attempt > 2 * pin.count + 2) throw summaryOf(failures);
      const position = isPlain ? undefined : ownPosition(options.position, pin);
      try {
        return await this.#attempt(work, pin, { ...options, position });
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        isPlain = true;
        if (error === MOVED) continue;
        if (!(error instanceof PilotedError) || !isServersFault(error)) throw error;
        let failure = error;
        if (position !== undefined && isCut(error)) {
          const again = await this.#attempt(work, pin, { ...options, position: undefined })
            .then(() => undefined, (again) => again);
          if (signal?.aborted) throw signal.reason;
          // The server is well, and something in between ended the query.
          if (again === undefined) throw error;
          if (again === MOVED) continue;
          if (!(again instanceof PilotedError) || !isServersFault(again)) throw again;
          failure = again;
        }
        failures.set(address, failure);
        await this.#leave(pin, failure);
      }
    }
  }

  async #attempt<T extends { readonly position: string | undefined }>(
    work: (source: Source, options: ReadOptions) => Promise<T>,
    pin: Pin,
    options: ReadOptions,
  ): Promise<T> {
    const { clock, requestTimeoutMs } = this.#options;
    const waitMs = options.position === undefined ? 0 : options.waitMs ?? 0;
    const ownMs = pin.count > 1 ? requestTimeoutMs / 2 : requestTimeoutMs;
    const timeoutMs = waitMs + waitMs / 16 + ownMs;
    const { address } = pin.server;
    const read = deadline(clock, (signal) => work(pin.registry.source, { ...options, signal }), {
      timeoutMs,
      signal: options.signal === undefined
        ? pin.left.signal
        : AbortSignal.any([options.signal, pin.left.signal]),
      // That of the session keeps the process alive, where one has to.
      background: true,
      error: () => {
        const why = nothingWithin(timeoutMs, pin.registry);
        return new PilotedError("TIMEOUT", `Cannot read from Consul at ${address}: ${why}`, {
          url: address,
        });
      },
    });
    pin.reads.add(read);
    try {
      const reading = await read;
      this.#failedAt.delete(address);
      const { position } = reading;
      return { ...reading, position: position && `${position}@${pin.epoch}` };
    } finally {
      pin.reads.delete(read);
    }
  }

  #current(): Promise<Pin> | Pin {
    return this.#pin ?? (this.#choosing ??= this.#choose(undefined));
  }

  /** Pins another server, unless somebody else has done it, or there is no other. */
  async #leave(pin: Pin, error: PilotedError): Promise<void> {
    this.#failedAt.set(pin.server.address, this.#options.clock.now());
    if (this.#pin !== pin || (pin.count === 1 && !isGone(error))) return;
    const next = await (this.#choosing ??= this.#choose(pin));
    if (next === pin || this.#pin !== next) return;
    if (pin.left.signal.aborted) return;
    if (isGone(error)) pin.left.abort(MOVED);
    this.#retire(pin);
    const message = `${error.message}; ${next.server.address} is used from now on`;
    const { service, url, status } = error;
    this.#options.moved?.(
      new PilotedError(error.code, message, { service, url, status, cause: error }),
    );
  }

  async #choose(old: Pin | undefined): Promise<Pin> {
    try {
      const servers = await this.#options.find();
      const failedAt = ({ address }: Server) => this.#failedAt.get(address) ?? 0;
      // The order stays for those that have not failed.
      const [server] = servers.toSorted((a, b) => failedAt(a) - failedAt(b));
      const count = servers.length;
      if (old !== undefined && server!.address === old.server.address) return old;
      const pin: Pin = {
        server: server!,
        registry: server!.open(),
        epoch: ++this.#epoch,
        count,
        left: new AbortController(),
        reads: new Set(),
      };
      this.#pin = pin;
      return pin;
    } finally {
      this.#choosing = undefined;
    }
  }

  /** Closes the connections of a server when its reads have ended. */
  #retire(pin: Pin): void {
    const closed = Promise.allSettled(pin.reads).then(() => pin.registry.close())
      .catch(() => {}).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Positions of two servers cannot be compared. */
  #isBehind(position: string, known: string): boolean {
    const [index, epoch] = position.split("@");
    const [knownIndex, knownEpoch] = known.split("@");
    if (epoch !== knownEpoch || epoch !== String(this.#pin?.epoch)) return false;
    return this.#pin?.registry.source.isBehind?.(index!, knownIndex!) ?? false;
  }
}

function ownPosition(position: string | undefined, pin: Pin): string | undefined {
  const [index, epoch] = position?.split("@") ?? [];
  return epoch === String(pin.epoch) ? index : undefined;
}

/** Whether another server may do better. */
function isServersFault({ code, status }: PilotedError): boolean {
  if (code === "REGISTRY_UNREACHABLE" || code === "TIMEOUT" || status === 429) return true;
  // Another program answers at this address; 400 and 500 are Consul's answers to the query itself.
  return code === "REGISTRY_RESPONSE" && status !== undefined && status !== 400 && status !== 500;
}

/** Whether the server is gone, rather than unwilling. */
function isGone({ code, status }: PilotedError): boolean {
  return code === "TIMEOUT" || (code === "REGISTRY_UNREACHABLE" && status === undefined);
}

/** Whether a blocking query was cut off. */
function isCut({ code, status }: PilotedError): boolean {
  return code === "REGISTRY_UNREACHABLE" && (status === undefined || status >= 502);
}

/** The last failure, with those before it. */
function summaryOf(failures: ReadonlyMap<string, PilotedError>): PilotedError {
  const all = [...failures];
  const [, last] = all.pop()!;
  if (all.length === 0) return last;
  const before = all.map(([address, { message }]) =>
    `${address}: ${message.slice(message.lastIndexOf(`${address}: `)).replace(`${address}: `, "")}`
  );
  const { code, service, url, status, retryAfterMs } = last;
  return new PilotedError(code, `${last.message}; before that ${before.join(", ")}`, {
    service,
    url,
    status,
    retryAfterMs,
    cause: last,
  });
}
