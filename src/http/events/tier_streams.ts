/**
 * Event streams for other Piloteds: the whole lists of the services that a client names, then what
 * changes in them.
 *
 * A stream never has a backlog. What its client does not take in time is only remembered by the name
 * of the service, and the list as it then is replaces every change in between. Frames are encoded
 * once for all streams.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { type Endpoint, endpointIdentity } from "../../endpoint.ts";
import type { ChangedEndpoint } from "../../snapshot.ts";
import type { ServiceStatus } from "../../watch/status.ts";
import { onAbort } from "../../wait.ts";
import type { LookupClient } from "../lookup_client.ts";
import { frozenJson } from "../routes/json_body.ts";
import type { EventLog, LoggedEvent } from "./event_log.ts";

/** Version of the format. A client that knows a lower one only must not read on. */
const TIER_VERSION = 1;

/** Request for such a stream. */
export interface TierRequest {
  /** Names of the services, `*` for all. */
  readonly services: readonly string[];
  /** `Last-Event-ID` of the request. */
  readonly lastEventId: string | undefined;
}

interface Stream {
  /** Names in lower case; `undefined` for all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Services of which the whole list is to be sent, by their names in lower case. */
  readonly due: Map<string, string>;
}

interface List {
  readonly endpoints: readonly Endpoint[];
  readonly status: string;
  readonly at: number;
  readonly bytes: Uint8Array;
}

// What a client that does not read can have waiting, besides one list.
const QUEUE_BYTES = 1 << 16;
// More events than these are not cheaper than the lists.
const MAX_REPLAYED = 200;
// Clients of a tier that was restarted come back at this rate, so that it can answer them.
const RECONNECTS_PER_MS = 1;
const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
// Ages in a list are that much too low at most.
const LIST_MS = 1_000;
const HEADERS = {
  "content-type": "text/event-stream",
  // Compression on the way would hold events back.
  "cache-control": "no-store, no-transform",
  // Without it nginx buffers events.
  "x-accel-buffering": "no",
};
const encoder = new TextEncoder();

/** All open event streams of other Piloteds. */
export class TierStreams {
  readonly #piloted: LookupClient;
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #stop: AbortSignal | undefined;
  readonly #streams = new Set<Stream>();
  readonly #lists = new Map<string, List>();
  #unsubscribe: (() => void) | undefined;
  #heartbeat: Timer | undefined;

  /**
   * Starts without streams.
   *
   * @param piloted The client whose lists are sent.
   * @param log Its events.
   * @param clock Clock of the heartbeats.
   * @param heartbeatMs Milliseconds between two heartbeats.
   * @param stop Ends every stream.
   */
  constructor(
    piloted: LookupClient,
    log: EventLog,
    clock: Clock,
    heartbeatMs: number,
    stop: AbortSignal | undefined,
  ) {
    this.#piloted = piloted;
    this.#log = log;
    this.#clock = clock;
    this.#heartbeatMs = heartbeatMs;
    this.#stop = stop;
    onAbort(stop, () => this.#end());
  }

  /**
   * Opens a stream.
   *
   * @param request The request.
   * @returns The response; its body ends when the client disconnects or the server stops.
   */
  open({ services, lastEventId }: TierRequest): Response {
    const isAll = services.includes("*");
    const names = isAll ? this.#piloted.services : services;
    const due = new Map(names.map((name) => [name.toLowerCase(), name] as const));
    const missed = this.#missed(lastEventId);
    if (missed !== undefined) due.clear();
    let stream: Stream;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const known = isAll ? undefined : new Set(names.map((name) => name.toLowerCase()));
        stream = { names: known, controller, due };
        controller.enqueue(encoder.encode(this.#hello()));
        if (this.#stop?.aborted) return controller.close();
        for (const event of missed ?? []) {
          if (concerns(stream, event)) controller.enqueue(this.#change(event));
        }
        // How old they are now: what the log has of that may be long ago.
        for (const name of missed === undefined ? [] : names) this.#sendState(stream, name);
        this.#add(stream);
        this.#sendId(stream);
      },
      pull: () => this.#sendDue(stream),
      cancel: () => this.#remove(stream),
    }, new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }));
    return new Response(body, { headers: HEADERS });
  }

  #hello(): string {
    const { epoch } = this.#log;
    const data = { version: TIER_VERSION, epoch, heartbeatMs: this.#heartbeatMs };
    return `retry: ${this.#retryMs()}\nevent: hello\ndata: ${JSON.stringify(data)}\n\n`;
  }

  #retryMs(): number {
    const share = Math.ceil(this.#streams.size / RECONNECTS_PER_MS);
    return Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, share));
  }

  #missed(lastEventId: string | undefined): readonly LoggedEvent[] | undefined {
    const [, epoch, number] = /^([0-9a-z]+)-([0-9]{1,15})$/.exec(lastEventId ?? "") ?? [];
    if (epoch !== this.#log.epoch) return undefined;
    const events = this.#log.after(Number(number))?.filter(({ type }) => type === "change");
    return events === undefined || events.length > MAX_REPLAYED ? undefined : events;
  }

  #add(stream: Stream): void {
    this.#streams.add(stream);
    this.#unsubscribe ??= this.#log.subscribe((event) => this.#send(event));
    if (this.#heartbeat === undefined) this.#startHeartbeat();
  }

  #remove(stream: Stream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
    this.#lists.clear();
  }

  #startHeartbeat(): void {
    this.#heartbeat = this.#clock.start(
      () => {
        const bytes = encoder.encode(`retry: ${this.#retryMs()}\n\n`);
        for (const { controller } of this.#streams) {
          // One that does not read needs no sign of life.
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(bytes);
        }
        this.#heartbeat = undefined;
        if (this.#streams.size > 0) this.#startHeartbeat();
      },
      this.#heartbeatMs,
      true,
    );
  }

  #send(event: LoggedEvent): void {
    const { type, service } = event;
    if (service === undefined || (type !== "change" && type !== "status")) return;
    const key = service.toLowerCase();
    let bytes: Uint8Array | undefined;
    const id = this.#id();
    for (const stream of this.#streams) {
      if (!concerns(stream, event) || stream.due.has(key)) continue;
      if ((stream.controller.desiredSize ?? 0) <= 0) {
        stream.due.set(key, service);
        continue;
      }
      bytes ??= type === "change"
        ? this.#change(event)
        : this.#state(this.#piloted.status(service));
      stream.controller.enqueue(bytes);
      if (stream.due.size === 0) stream.controller.enqueue(id);
    }
  }

  /** Sends the next list that is due. */
  #sendDue(stream: Stream): void {
    const [next] = stream.due;
    if (next === undefined || !this.#streams.has(stream)) return;
    const [key, name] = next;
    stream.due.delete(key);
    stream.controller.enqueue(this.#list(name));
    this.#sendId(stream);
  }

  /** Everything up to now was sent, so the client can continue from here. */
  #sendId(stream: Stream): void {
    if (stream.due.size === 0) stream.controller.enqueue(this.#id());
  }

  #id(): Uint8Array {
    return encoder.encode(`id: ${this.#log.epoch}-${this.#log.last}\n\n`);
  }

  #sendState(stream: Stream, name: string): void {
    const status = this.#statusOf(name);
    stream.controller.enqueue(status === undefined ? unknown(name) : this.#state(status));
  }

  #statusOf(name: string): ServiceStatus | undefined {
    try {
      return this.#piloted.status(name);
    } catch {
      return undefined;
    }
  }

  #list(name: string): Uint8Array {
    const status = this.#statusOf(name);
    if (status === undefined) return unknown(name);
    const { service } = status;
    const endpoints = this.#piloted.serviceHosts(service);
    const known = this.#lists.get(service);
    const now = this.#clock.now();
    const state = `${status.state} ${status.reason}`;
    const isSame = known?.endpoints === endpoints && known.status === state;
    if (isSame && now - known.at < LIST_MS) return known.bytes;
    const head = JSON.stringify(tierFacts(status));
    const data = `${head.slice(0, -1)},"endpoints":${frozenJson(endpoints)}}`;
    const bytes = encoder.encode(`event: list\ndata: ${data}\n\n`);
    this.#lists.set(service, { endpoints, status: state, at: now, bytes });
    return bytes;
  }

  #state(status: ServiceStatus): Uint8Array {
    return frame("state", tierFacts(status));
  }

  #change({ service, data }: LoggedEvent): Uint8Array {
    const { added, removed, changed, endpointCount } = data as {
      added: readonly Endpoint[];
      removed: readonly Endpoint[];
      changed: readonly ChangedEndpoint[];
      endpointCount: number;
    };
    return frame("change", {
      service,
      added,
      removed: removed.map(endpointIdentity),
      changed: changed.map(({ after }) => after),
      endpointCount,
    });
  }

  #end(): void {
    const bytes = frame("closing", {});
    for (const stream of [...this.#streams]) {
      this.#remove(stream);
      stream.controller.enqueue(bytes);
      stream.controller.close();
    }
  }
}

/**
 * What another Piloted needs to know of a service besides its endpoints.
 *
 * @param status Status of the service.
 * @returns Plain data.
 */
function tierFacts(status: ServiceStatus): Record<string, unknown> {
  const { service, state, endpointCount, ageMs, reason, watches } = status;
  const skippedReasons = watches.flatMap((watch) => watch.skippedReasons);
  const skippedCount = watches.reduce((sum, watch) => sum + watch.instanceCounts.skipped, 0);
  return { service, state, endpointCount, ageMs, reason, skippedCount, skippedReasons };
}

function concerns({ names }: Stream, { service }: LoggedEvent): boolean {
  return names === undefined || (service !== undefined && names.has(service.toLowerCase()));
}

function unknown(service: string): Uint8Array {
  return frame("unknown", { service });
}

// JSON contains no line breaks, so one data line is enough.
function frame(type: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}
