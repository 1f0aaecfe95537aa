/**
 * Server-sent events, as "9.2 Server-sent events" of the HTML standard has them.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import type { EventLog, LoggedEvent } from "./event_log.ts";

/** What one client asks for. */
export interface StreamRequest {
  /** Only events of this service. */
  readonly service?: string;
  /** `Last-Event-ID` of the request. */
  readonly lastEventId: string | undefined;
  /** What the client starts from, unless it can go on where it was. */
  readonly snapshot: () => Readonly<Record<string, unknown>>;
  /** Whether only the headers are wanted. */
  readonly headOnly: boolean;
}

interface Stream {
  readonly service: string | undefined;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

/** How long a client waits before it comes again, in milliseconds. */
const RETRY_MS = 1_000;
// A client that reads slower than this fills up is let go: it takes up again from Last-Event-ID.
const MOST_BYTES_WAITING = 1 << 20;
const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would collect events otherwise.
  "x-accel-buffering": "no",
};
const encoder = new TextEncoder();

/** All event streams that are open. */
export class EventStreams {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;
  readonly #stop: AbortSignal | undefined;
  readonly #streams = new Set<Stream>();
  #unsubscribe: (() => void) | undefined;
  #heartbeat: Timer | undefined;

  /**
   * Makes one without streams.
   *
   * @param log What happens.
   * @param clock Time of the heartbeats.
   * @param heartbeatMs Milliseconds between two signs of life.
   * @param stop Ends every stream.
   */
  constructor(log: EventLog, clock: Clock, heartbeatMs: number, stop: AbortSignal | undefined) {
    this.#log = log;
    this.#clock = clock;
    this.#heartbeatMs = heartbeatMs;
    this.#stop = stop;
    stop?.addEventListener("abort", () => this.#end());
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream.
   *
   * @param request What the client asks for.
   * @returns The response, whose body ends when the client goes or the server stops.
   */
  open(request: StreamRequest): Response {
    const { service, lastEventId, snapshot, headOnly } = request;
    // Nobody would ever end a stream that is not sent.
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
      cancel: () => this.#forget(stream),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MOST_BYTES_WAITING }));
    return new Response(body, { headers: HEADERS });
  }

  #missed(lastEventId: string | undefined): readonly LoggedEvent[] | undefined {
    const [, epoch, number] = /^([0-9a-z]+)-([0-9]{1,15})$/.exec(lastEventId ?? "") ?? [];
    return epoch === this.#log.epoch ? this.#log.after(Number(number)) : undefined;
  }

  #add(stream: Stream): void {
    this.#streams.add(stream);
    this.#unsubscribe ??= this.#log.subscribe((event) => this.#send(event));
    if (this.#heartbeat === undefined) this.#beat();
  }

  #forget(stream: Stream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }

  // A comment: it keeps proxies from closing the connection, and shows a dead one.
  #beat(): void {
    this.#heartbeat = this.#clock.start(
      () => {
        const bytes = encoder.encode(": alive\n\n");
        for (const stream of [...this.#streams]) this.#write(stream, bytes);
        this.#heartbeat = undefined;
        if (this.#streams.size > 0) this.#beat();
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
    this.#forget(stream);
    controller.error(new Error("Cannot go on with an event stream: its client reads too slowly"));
  }

  #end(): void {
    const bytes = encoder.encode(frame("closing", undefined, {}));
    for (const stream of [...this.#streams]) {
      this.#write(stream, bytes);
      if (!this.#streams.has(stream)) continue;
      this.#forget(stream);
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

// JSON has no line break of its own, so that one data line is enough.
function frame(type: string, id: string | undefined, data: unknown): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `event: ${type}\n${idLine}data: ${JSON.stringify(data)}\n\n`;
}
