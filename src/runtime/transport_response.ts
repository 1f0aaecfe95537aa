/**
 * Turns an answer of `node:http` or `node:http2` into a `Response` of the Fetch API.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { Incoming } from "./transport_builtins.ts";

/** A request, ready to be sent. */
export interface WireRequest {
  /** Where to. */
  readonly url: URL;
  /** Upper-case method. */
  readonly method: string;
  /** Lower-case names and values. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole body. */
  readonly body?: Uint8Array;
  /** Ends the request, and the reading of its answer. */
  readonly signal?: AbortSignal;
}

/** Head of an answer. */
export interface ResponseHead {
  /** HTTP status. */
  readonly status: number;
  /** Reason phrase; HTTP/2 has none. */
  readonly statusText: string;
  /** Names and values. */
  readonly headers: Headers;
}

// "Null body status" of the Fetch standard: Response refuses a body with them.
const BODYLESS = [101, 103, 204, 205, 304];

// What may wait for the reader before the connection is told to hold on.
const BUFFERED_BYTES = 65_536;

/**
 * Makes a `Response` whose body is read from `incoming` as fast as the reader takes it.
 *
 * @param request What was asked; its signal also ends the reading.
 * @param head Head of the answer.
 * @param incoming Body of the answer, from which nothing was read yet.
 * @returns The response. A body that is cut off errors, it never looks complete.
 */
export function makeResponse(
  request: WireRequest,
  head: ResponseHead,
  incoming: Incoming,
): Response {
  const { status, statusText, headers } = head;
  if (BODYLESS.includes(status) || request.method === "HEAD") {
    incoming.on("error", () => {});
    incoming.resume();
    return new Response(null, { status, statusText, headers });
  }
  return new Response(streamBody(request, incoming), { status, statusText, headers });
}

/**
 * What a failed request rejects with: a `TypeError`, as the Fetch standard has it. What already is
 * an error of ours stays as it is.
 *
 * @param origin Who was asked.
 * @param cause What the runtime said, kept whole.
 * @returns The error, with the origin and the reason in its message.
 */
export function networkError(origin: string, cause: unknown): Error {
  if (cause instanceof PilotedError) return cause;
  return new TypeError(`Cannot reach ${origin}: ${reasonOf(cause)}`, { cause });
}

/**
 * What the reading of a body fails with that does not arrive whole.
 *
 * @param origin Who was asked.
 * @param cause What the runtime said, kept whole.
 * @returns The error, with the origin and the reason in its message.
 */
export function bodyError(origin: string, cause: unknown): TypeError {
  return new TypeError(`Cannot read the answer of ${origin}: ${reasonOf(cause)}`, { cause });
}

/**
 * What a request rejects with after the transport was closed.
 *
 * @returns A `CLOSED` error.
 */
export function transportClosed(): PilotedError {
  return new PilotedError("CLOSED", "Cannot send a request: the transport is closed");
}

function streamBody(request: WireRequest, incoming: Incoming): ReadableStream<Uint8Array> {
  const { signal, url } = request;
  let over = false;
  let abort: (() => void) | undefined;
  const finish = (then: () => void): void => {
    if (over) return;
    over = true;
    if (abort !== undefined) signal?.removeEventListener("abort", abort);
    then();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const fail = (reason: unknown) => finish(() => controller.error(reason));
      abort = () => {
        fail(signal?.reason);
        incoming.destroy();
      };
      incoming.on("data", (chunk: Uint8Array) => {
        if (over) return;
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      incoming.on("end", () => {
        // A stream that the server reset ends as quietly as one that is complete.
        if (incoming.rstCode) fail(bodyError(url.origin, cutOff(incoming)));
        else finish(() => controller.close());
      });
      incoming.on("error", (error: Error) => fail(bodyError(url.origin, error)));
      incoming.on("close", () => fail(bodyError(url.origin, cutOff(incoming))));
      incoming.pause();
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    },
    pull() {
      incoming.resume();
    },
    cancel() {
      finish(() => incoming.destroy());
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_BYTES }));
}

function cutOff(incoming: Incoming): Error {
  const code = incoming.rstCode ? `, HTTP/2 error code ${incoming.rstCode}` : "";
  return new Error(`the body was cut off${code}`);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error) || cause.message === "") return String(cause);
  // Node's one word for "the connection broke in the middle of the body".
  if (cause.message === "aborted") return "the body was cut off";
  // OpenSSL: "error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:file.c:1601:".
  return /error:[0-9A-Fa-f]{8}:[^:]*:[^:]*:([^:]+)/.exec(cause.message)?.[1] ??
    cause.message.trim();
}
