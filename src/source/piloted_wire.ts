/**
 * The format in which one Piloted sends its lists to another: server-sent events (HTML standard,
 * section 9.2) with JSON.
 *
 * @module
 */
import { checkEndpoint, type EndpointFacts } from "../check_endpoint.ts";
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";

/** The only version of the format that is known here. */
export const WIRE_VERSION = 1;

// Enough to find the mistake.
const MAX_REPORTED = 10;

/** What an upstream says of a list, besides its endpoints. */
export interface ListFacts {
  /** State of the list there. */
  readonly state: string;
  /** Milliseconds since the registry confirmed it; `undefined` when it never has. */
  readonly ageMs: number | undefined;
  /** Why it is not fresher. */
  readonly reason: string | undefined;
  /** Number of entries that were left out there. */
  readonly skippedCount: number;
  /** Why, for the first few. */
  readonly skippedReasons: readonly string[];
}

/** A list as it was sent. */
export interface SentList {
  /** Endpoints that can be used. */
  readonly endpoints: readonly Endpoint[];
  /** What was left out, there and here. */
  readonly skipped: readonly PilotedError[];
  /** Number of entries that were left out. */
  readonly skippedCount: number;
}

/** One message of a stream. */
export type TierMessage =
  | { readonly type: "hello"; version: number; epoch: string; heartbeatMs: number }
  | { readonly type: "list"; service: string; facts: ListFacts; list: SentList }
  | { readonly type: "state"; service: string; facts: ListFacts }
  | {
    readonly type: "change";
    service: string;
    changed: ReadonlyMap<string, Endpoint>;
    removed: ReadonlySet<string>;
    endpointCount: number;
  }
  | { readonly type: "unknown"; service: string }
  | { readonly type: "closing" };

/** One block of a stream. */
export interface EventBlock {
  readonly type: string | undefined;
  readonly data: string;
  readonly id: string | undefined;
  readonly retryMs: number | undefined;
}

/** Splits a stream of text into blocks. */
export class EventParser {
  #parts: string[] = [];
  #length = 0;
  readonly #maxLength: number;

  /**
   * Starts with nothing.
   *
   * @param maxLength Longest block that is accepted, in characters.
   */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /**
   * Takes a piece of text.
   *
   * @throws {RangeError} when a block is too long.
   */
  push(text: string): EventBlock[] {
    const clean = text.includes("\r") ? text.replaceAll("\r", "") : text;
    const last = this.#parts.at(-1);
    const isEnd = clean.includes("\n\n") || (clean.startsWith("\n") && last?.endsWith("\n"));
    this.#parts.push(clean);
    this.#length += clean.length;
    if (this.#length > this.#maxLength) {
      throw new RangeError(`an event is longer than ${this.#maxLength} characters`);
    }
    if (!isEnd) return [];
    const blocks = this.#parts.join("").split("\n\n");
    const rest = blocks.pop()!;
    this.#parts = [rest];
    this.#length = rest.length;
    return blocks.filter((block) => block !== "").map(parseBlock);
  }
}

function parseBlock(block: string): EventBlock {
  let type: string | undefined;
  let id: string | undefined;
  let retryMs: number | undefined;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    const field = line.slice(0, colon);
    if (field === "event") type = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) retryMs = Number(value);
  }
  return { type, id, retryMs, data: data.join("\n") };
}

/**
 * Reads the message of a block.
 *
 * @param block The block.
 * @returns The message; `undefined` for a type that is not known, which a later version may send.
 * @throws {TypeError | SyntaxError} when it is not what its type says.
 */
export function readMessage({ type, data }: EventBlock): TierMessage | undefined {
  if (type === "closing") return { type };
  if (!["hello", "list", "state", "change", "unknown"].includes(type ?? "")) return undefined;
  const value = JSON.parse(data) as Record<string, unknown>;
  if (typeof value !== "object" || value === null) throw new TypeError(`event ${type} has no data`);
  if (type === "hello") {
    const { version, epoch, heartbeatMs } = value;
    if (typeof version !== "number") throw new TypeError("event hello has no version");
    return { type, version, epoch: String(epoch), heartbeatMs: Number(heartbeatMs) || 15_000 };
  }
  const { service } = value;
  if (typeof service !== "string") throw new TypeError(`event ${type} names no service`);
  if (type === "unknown") return { type, service };
  if (type === "state") return { type, service, facts: readFacts(value) };
  if (type === "list") {
    const facts = readFacts(value);
    return { type, service, facts, list: readList(service, value.endpoints, facts) };
  }
  const { added, changed, removed, endpointCount } = value;
  if (![added, changed, removed].every(Array.isArray)) {
    throw new TypeError("event change has no lists");
  }
  const entries = [...added as unknown[], ...changed as unknown[]].map(readEndpoint);
  const endpoints = entries.filter((endpoint) => typeof endpoint !== "string");
  return {
    type: "change",
    service,
    changed: new Map(endpoints.map((each) => [endpointIdentity(each), each])),
    removed: new Set((removed as unknown[]).map(String)),
    endpointCount: Number(endpointCount),
  };
}

/** What is said of a list, in an event or in the response to a plain read. */
export function readFacts(value: Readonly<Record<string, unknown>>): ListFacts {
  const { state, ageMs, reason, skippedCount, skippedReasons } = value;
  if (typeof state !== "string") throw new TypeError("the state of the list is missing");
  return {
    state,
    ageMs: typeof ageMs === "number" ? ageMs : undefined,
    reason: typeof reason === "string" ? reason : undefined,
    skippedCount: typeof skippedCount === "number" ? skippedCount : 0,
    skippedReasons: Array.isArray(skippedReasons) ? skippedReasons.map(String) : [],
  };
}

/** The endpoints of a list. */
export function readList(service: string, value: unknown, facts: ListFacts): SentList {
  if (!Array.isArray(value)) throw new TypeError("the list of endpoints is missing");
  const endpoints = new Map<string, Endpoint>();
  const reasons = [...facts.skippedReasons];
  let { skippedCount } = facts;
  for (const entry of value) {
    const endpoint = readEndpoint(entry);
    if (typeof endpoint === "string") {
      reasons.push(`Cannot use an entry of service ${JSON.stringify(service)}: ${endpoint}`);
      skippedCount++;
    } else {
      endpoints.set(endpointIdentity(endpoint), endpoint);
    }
  }
  return {
    endpoints: Object.freeze([...endpoints.values()]),
    skipped: reasons.slice(0, MAX_REPORTED)
      .map((message) => new PilotedError("ENDPOINT_INVALID", message, { service })),
    skippedCount,
  };
}

function readEndpoint(value: unknown): Endpoint | string {
  if (typeof value !== "object" || value === null) return "it is no object";
  const endpoint = checkEndpoint(value as EndpointFacts);
  const { ids } = value as { ids?: unknown };
  if (typeof endpoint === "string" || !Array.isArray(ids)) return endpoint;
  return Object.freeze({ ...endpoint, ids: Object.freeze(ids.map(String)) });
}
