/**
 * Server-sent events (HTML standard, section 9.2).
 *
 * A stream has no queue: it is a place in the log of events, and takes what comes after it when its
 * client has read what came before. So a client that does not read costs nothing but its connection,
 * and every frame is encoded once for all. A client that is far behind, or was away for long, gets a
 * snapshot where that is shorter than what it missed.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { onAbort } from "../../wait.ts";
import { type PendingBytes, PIECE_BYTES } from "../pending_bytes.ts";
import type { JsonParts } from "../routes/json_body.ts";
import { EventFrames, frame, MAX_FRAME_BYTES } from "./event_frames.ts";
import type { EventLog, LoggedEvent } from "./event_log.ts";

/** Request for an event stream. */
export interface StreamRequest {
  /** Only events of this service. */
  readonly service?: string | undefined;
  /** `Last-Event-ID` of the request. */
  readonly lastEventId: string | undefined;
  /** Data of the event that everything can be continued from. */
  readonly snapshot: () => JsonParts;
  /** Whether the request is a HEAD. */
  readonly headOnly: boolean;
}

/** What event streams need. */
export interface EventStreamsOptions {
  /** Events to send. */
  readonly log: EventLog;
  /** Clock of the heartbeats. */
  readonly clock: Clock;
  /** Milliseconds between two heartbeats. */
  readonly heartbeatMs: number;
  /** Ends every stream. */
  readonly stop: AbortSignal | undefined;
  /** Bytes that wait to be sent. */
  readonly pending: PendingBytes;
}

interface Stream {
  readonly service: string | undefined;
  readonly snapshot: () => JsonParts;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Number of the last event that was sent or skipped. */
  position: number;
  /** What is being sent, with the position in the first part. */
  readonly sending: Uint8Array[];
  offset: number;
  readonly releases: (() => void)[];
  /** Goes on sending; there while everything was sent. */
  wake: (() => void) | undefined;
  /** When the client last took something. */
  takenAt: number;
  /** Whether it has taken what its client had missed. */
  isLive: boolean;
  isClosing: boolean;
}

// Clients that were disconnected together do not come back together.
const RETRY_MS = 1_000;
const RETRY_JITTER_MS = 4_000;
// A client that takes nothing for so long has left, or might as well.
const STALLED_MS = 60_000;
// What a client missed while it was away is sent up to this size, also where a snapshot is smaller.
const REPLAY_BYTES = 1 << 18;
// Shorter frames are not worth counting.
const COUNTED_BYTES = 1 << 12;
const HEADERS = {
  "content-type": "text/event-stream",
  // Compression on the way would hold events back.
  "cache-control": "no-store, no-transform",
  // Without it nginx buffers events.
  "x-accel-buffering": "no",
};
const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(": alive\n\n");

/** All open event streams. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #frames: EventFrames;
  readonly #streams = new Set<Stream>();
  #unsubscribe: (() => void) | undefined;
  #heartbeat: Timer | undefined;

  /**
   * Starts without streams.
   *
   * @param options What they need.
   */
  constructor(options: EventStreamsOptions) {
    this.#options = options;
    this.#frames = new EventFrames(options.log, options.clock);
    onAbort(options.stop, () => {
      for (const stream of [...this.#streams]) {
        stream.isClosing = true;
        stream.wake?.();
      }
    });
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
  open({ service, lastEventId, snapshot, headOnly }: StreamRequest): Response {
    // The body of a HEAD response is never read, so its stream would never end.
    if (headOnly) return new Response(null, { headers: HEADERS });
    let stream: Stream;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const retry = Math.floor(RETRY_MS + Math.random() * RETRY_JITTER_MS);
        stream = {
          service,
          snapshot,
          controller,
          position: this.#frames.numberOf(lastEventId) ?? -1,
          sending: [encoder.encode(`retry: ${retry}\n\n`)],
          offset: 0,
          releases: [],
          wake: undefined,
          takenAt: this.#options.clock.now(),
          isLive: false,
          isClosing: this.#options.stop?.aborted ?? false,
        };
        this.#add(stream);
      },
      pull: () => this.#pull(stream),
      cancel: () => this.#remove(stream),
    });
    return new Response(body, { headers: HEADERS });
  }

  async #pull(stream: Stream): Promise<void> {
    const { sending, controller } = stream;
    stream.takenAt = this.#options.clock.now();
    while (this.#streams.has(stream)) {
      const length = Math.min(sending[0]?.byteLength ?? 0, PIECE_BYTES);
      if (length >= COUNTED_BYTES) await this.#options.pending.turn(length);
      if (!this.#streams.has(stream)) return;
      if (sending.length > 0) return controller.enqueue(nextPiece(stream));
      for (const release of stream.releases.splice(0)) release();
      this.#take(stream);
      if (sending.length > 0) continue;
      if (stream.isClosing) {
        controller.enqueue(frame("closing", undefined, ["{}"])[0]!);
        this.#remove(stream);
        return controller.close();
      }
      await new Promise<void>((resolve) => stream.wake = resolve);
      stream.wake = undefined;
      // The time in which there was nothing to take does not count.
      stream.takenAt = this.#options.clock.now();
    }
  }

  /** Takes everything up to now: what was missed, or a snapshot. */
  #take(stream: Stream): void {
    const { service, position, sending } = stream;
    const { log } = this.#options;
    if (position === log.last) return;
    const missed = log.after(position)?.filter((event) => concerns(stream, event));
    // Frames of what just happened are there anyway, for everybody.
    const cheap = stream.isLive ? MAX_FRAME_BYTES : REPLAY_BYTES;
    let frames = missed && this.#frames.upTo(missed, cheap);
    if (frames === undefined) {
      const snapshot = this.#frames.snapshot(service, stream.snapshot);
      const length = snapshot.reduce((sum, part) => sum + part.byteLength, 0);
      frames = (length > cheap && missed && this.#frames.upTo(missed, length)) || snapshot;
    }
    stream.isLive = true;
    stream.position = log.last;
    sending.push(...frames);
    const cut = () => this.#cut(stream, "too much waits to be sent");
    for (const part of frames) {
      if (part.byteLength < COUNTED_BYTES) continue;
      stream.releases.push(this.#options.pending.hold(part, cut));
    }
  }

  #add(stream: Stream): void {
    this.#streams.add(stream);
    this.#unsubscribe ??= this.#options.log.subscribe((event) => this.#send(event));
    if (this.#heartbeat === undefined) this.#startHeartbeat();
  }

  #remove(stream: Stream): void {
    for (const release of stream.releases.splice(0)) release();
    stream.sending.length = 0;
    const isLast = this.#streams.delete(stream) && this.#streams.size === 0;
    stream.wake?.();
    if (!isLast) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
    this.#frames.forgetSnapshots();
  }

  #cut(stream: Stream, why: string): void {
    this.#remove(stream);
    stream.controller.error(new Error(`Cannot continue the event stream: ${why}`));
  }

  // A comment keeps proxies from closing an idle connection, and detects a dead one.
  #startHeartbeat(): void {
    const { clock, heartbeatMs } = this.#options;
    this.#heartbeat = clock.start(
      () => {
        this.#heartbeat = undefined;
        for (const stream of [...this.#streams]) this.#beat(stream);
        if (this.#streams.size > 0) this.#startHeartbeat();
      },
      heartbeatMs,
      true,
    );
  }

  #beat(stream: Stream): void {
    if (stream.wake !== undefined) {
      stream.sending.push(HEARTBEAT);
      stream.wake();
    } else if (this.#options.clock.now() - stream.takenAt >= STALLED_MS) {
      this.#cut(stream, `the client has read nothing for ${STALLED_MS / 1_000} s`);
    }
  }

  #send(event: LoggedEvent): void {
    for (const stream of this.#streams) {
      // Others take it when their clients have read what came before.
      if (stream.wake === undefined) continue;
      if (concerns(stream, event)) stream.wake();
      else if (stream.position === event.number - 1) stream.position = event.number;
    }
  }
}

function nextPiece(stream: Stream): Uint8Array {
  const { sending, offset } = stream;
  const [part] = sending;
  const piece = part!.subarray(offset, offset + PIECE_BYTES);
  stream.offset += piece.byteLength;
  if (stream.offset >= part!.byteLength) {
    sending.shift();
    stream.offset = 0;
  }
  return piece;
}

function concerns({ service }: Stream, event: LoggedEvent): boolean {
  return service === undefined || event.service === undefined || event.service === service;
}
