/**
 * Server-sent events (HTML standard, section 9.2).
 *
 * @module
 */
import { format } from "@std/fmt/bytes";
import type { Clock, Timer } from "../../clock.ts";
import { onAbort } from "../../wait.ts";
import type { EventLog, LoggedEvent } from "./event_log.ts";

/** Request for an event stream. */
export interface StreamRequest {
  /** Only events of this service. */
  readonly service?: string | undefined;
  /** `Last-Event-ID` of the request. */
  readonly lastEventId: string | undefined;
  /** Data of the first event, unless the stream continues an earlier one. */
  readonly snapshot: () => Readonly<Record<string, unknown>>;
  /** Whether the request is a HEAD. */
  readonly headOnly: boolean;
}

interface Stream {
  readonly service: string | undefined;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

/** How long a client waits before it reconnects, in milliseconds. */
const RETRY_MS = 1_000;
// A client that falls further behind is disconnected; it can continue from Last-Event-ID.
const MAX_UNREAD_BYTES = 1 << 20;
const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Without it nginx buffers events.
  "x-accel-buffering": "no",
};
const encoder = new TextEncoder();

/** All open event streams. */
export class EventStreams {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #stop: AbortSignal | undefined;
  readonly #streams = new Set<Stream>();
  #unsubscribe: (() => void) | undefined;
  #heartbeat: Timer | undefined;

  /**
   * Starts without streams.
   *
   * @param log Events to send.
   * @param clock Clock of the heartbeats.
   * @param heartbeatMs Milliseconds between two heartbeats.
   * @param stop Ends every stream.
   */
  constructor(log: EventLog, clock: Clock, heartbeatMs: number, stop: AbortSignal | undefined) {
    this.#log = log;
    this.#clock = clock;
    this.#heartbeatMs = heartbeatMs;
    this.#stop = stop;
    onAbort(stop, () => this.#end());
  }

  /** Number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream.
   *
   * @param request The request.
   * @returns The response; its body ends when the client disconnects or the server stops.
   */
  open(request: StreamRequest): Response {
    const { service, lastEventId, snapshot, headOnly } = request;
    // The body of a HEAD response is never read, so its stream would never end.
    if (headOnly) return new Response(null, { headers: HEADERS });
    let stream: Stream;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = { service, controller };
        const missed = this.#missed(lastEventId);
        const opening = missed === undefined
          ? frame("snapshot", this.#id(this.#log.last), snapshot())
          : missed.filter((event) => concerns(stream, event)).map((event) => this.#text(event))
            .join("");
        controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n${opening}`));
        if (this.#stop?.aborted) return controller.close();
        this.#add(stream);
      },
      cancel: () => this.#remove(stream),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }));
    return new Response(body, { headers: HEADERS });
  }

  #missed(lastEventId: string | undefined): readonly LoggedEvent[] | undefined {
    const [, epoch, number] = /^([0-9a-z]+)-([0-9]{1,15})$/.exec(lastEventId ?? "") ?? [];
    return epoch === this.#log.epoch ? this.#log.after(Number(number)) : undefined;
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
  }

  // A comment keeps proxies from closing an idle connection, and detects a dead one.
  #startHeartbeat(): void {
    this.#heartbeat = this.#clock.start(
      () => {
        const bytes = encoder.encode(": alive\n\n");
        for (const stream of [...this.#streams]) this.#write(stream, bytes);
        this.#heartbeat = undefined;
        if (this.#streams.size > 0) this.#startHeartbeat();
      },
      this.#heartbeatMs,
      true,
    );
  }

  #send(event: LoggedEvent): void {
    const bytes = encoder.encode(this.#text(event));
    for (const stream of [...this.#streams]) {
      if (concerns(stream, event)) this.#write(stream, bytes);
    }
  }

  #write(stream: Stream, bytes: Uint8Array): void {
    const { controller } = stream;
    if ((controller.desiredSize ?? 0) > 0) return controller.enqueue(bytes);
    this.#remove(stream);
    const limit = format(MAX_UNREAD_BYTES, { binary: true });
    controller.error(
      new Error(`Cannot continue the event stream: the client has ${limit} of unread events`),
    );
  }

  #end(): void {
    const bytes = encoder.encode(frame("closing", undefined, {}));
    for (const stream of [...this.#streams]) {
      this.#write(stream, bytes);
      if (!this.#streams.has(stream)) continue;
      this.#remove(stream);
      stream.controller.close();
    }
  }

  #text({ type, number, service, at, data }: LoggedEvent): string {
    return frame(type, this.#id(number), { service, at, ...data });
  }

  #id(number: number): string {
    return `${this.#log.epoch}-${number}`;
  }
}

function concerns({ service }: Stream, event: LoggedEvent): boolean {
  return service === undefined || event.service === undefined || event.service === service;
}

// JSON contains no line breaks, so one data line is enough.
function frame(type: string, id: string | undefined, data: unknown): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `event: ${type}\n${idLine}data: ${JSON.stringify(data)}\n\n`;
}
