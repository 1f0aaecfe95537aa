/**
 * Events as bytes, shared by all streams.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { JsonParts } from "../routes/json_body.ts";
import type { EventLog, LoggedEvent } from "./event_log.ts";

interface Snapshot {
  readonly number: number;
  readonly at: number;
  readonly parts: readonly Uint8Array[];
}

/** Frames of more bytes than these are not kept. */
export const MAX_FRAME_BYTES: number = 1 << 23;
// Ages in a snapshot are that much too low at most.
const SNAPSHOT_MS = 1_000;
const encoder = new TextEncoder();

/** Frames of the events of a log. */
export class EventFrames {
  readonly #log: EventLog;
  readonly #clock: Clock;
  // By the number of the event, the oldest first. Bounded; what is not here is encoded again.
  readonly #frames = new Map<number, Uint8Array>();
  // Also of frames that are no longer here, so that what is too large is not encoded to find out.
  readonly #sizes = new Map<number, number>();
  readonly #snapshots = new Map<string | undefined, Snapshot>();
  #total = 0;

  /**
   * Starts without frames.
   *
   * @param log The events.
   * @param clock Clock of the snapshots.
   */
  constructor(log: EventLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * The number of an event.
   *
   * @param id Its id, as in `Last-Event-ID`.
   * @returns The number; `undefined` for an id of another log, and for none.
   */
  numberOf(id: string | undefined): number | undefined {
    const [, epoch, number] = /^([0-9a-z]+)-([0-9]{1,15})$/.exec(id ?? "") ?? [];
    return epoch === this.#log.epoch ? Number(number) : undefined;
  }

  /**
   * Frames of several events.
   *
   * @param events The events.
   * @param maxBytes Maximum size of all of them.
   * @returns The frames; `undefined` when they are larger.
   */
  upTo(events: readonly LoggedEvent[], maxBytes: number): readonly Uint8Array[] | undefined {
    let known = 0;
    for (const { number } of events) known += this.#sizes.get(number) ?? 0;
    if (known > maxBytes) return undefined;
    const frames: Uint8Array[] = [];
    let total = 0;
    for (const event of events) {
      const bytes = this.#frame(event);
      total += bytes.byteLength;
      if (total > maxBytes) return undefined;
      frames.push(bytes);
    }
    return frames;
  }

  /**
   * A snapshot, the same for everybody who asks for it in the same second.
   *
   * @param service The service; `undefined` for all of them.
   * @param create Creates its data.
   * @returns The frame in parts.
   */
  snapshot(service: string | undefined, create: () => JsonParts): readonly Uint8Array[] {
    const [number, at] = [this.#log.last, this.#clock.now()];
    const known = this.#snapshots.get(service);
    if (known?.number === number && at - known.at < SNAPSHOT_MS) return known.parts;
    const parts = frame("snapshot", this.#id(number), create());
    this.#snapshots.set(service, { number, at, parts });
    return parts;
  }

  /** Forgets snapshots, when nobody is left to ask for them. */
  forgetSnapshots(): void {
    this.#snapshots.clear();
  }

  #frame(event: LoggedEvent): Uint8Array {
    const { type, number, service, at, data } = event;
    let bytes = this.#frames.get(number);
    if (bytes !== undefined) return bytes;
    const json = JSON.stringify({ service, at, ...data });
    bytes = encoder.encode(`event: ${type}\nid: ${this.#id(number)}\ndata: ${json}\n\n`);
    this.#frames.set(number, bytes);
    this.#sizes.set(number, bytes.byteLength);
    this.#forgetSizes();
    this.#total += bytes.byteLength;
    for (const [oldest, { byteLength }] of this.#frames) {
      if (this.#total <= MAX_FRAME_BYTES || oldest === number) break;
      this.#frames.delete(oldest);
      this.#total -= byteLength;
    }
    return bytes;
  }

  #forgetSizes(): void {
    const { last, events } = this.#log;
    for (const number of this.#sizes.keys()) {
      if (this.#sizes.size <= 2 * events.length) return;
      if (number <= last - events.length) this.#sizes.delete(number);
    }
  }

  #id(number: number): string {
    return `${this.#log.epoch}-${number}`;
  }
}

/**
 * One event as bytes. JSON contains no line breaks, so one data line is enough.
 *
 * @param type Its type.
 * @param id Its id.
 * @param json Its data.
 * @returns The frame in parts; parts of bytes are kept as they are.
 */
export function frame(
  type: string,
  id: string | undefined,
  json: JsonParts,
): readonly Uint8Array[] {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  const parts: Uint8Array[] = [];
  let text = `event: ${type}\n${idLine}data: `;
  for (const part of [...json, "\n\n"]) {
    if (typeof part === "string") text += part;
    else {
      parts.push(encoder.encode(text), part);
      text = "";
    }
  }
  parts.push(encoder.encode(text));
  return parts;
}
