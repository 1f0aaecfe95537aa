/**
 * Turns a response of `node:http` or `node:http2` into a `Response` of the Fetch API.
 *
 * @module
 */
import { describeNetworkError } from "../../describe_network_error.ts";
import { PilotedError } from "../../errors.ts";
import { onAbort } from "../../wait.ts";
import { decompress } from "./decompress.ts";
import { guarded, listen } from "./guard.ts";
import type { Incoming } from "./node_builtins.ts";

/** A request, ready to be sent. */
export interface WireRequest {
  /** Address. */
  readonly url: URL;
  /** Upper-case method. */
  readonly method: string;
  /** Lower-case names and values. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whole body. */
  readonly body: Uint8Array | undefined;
  /** Ends the request, and the reading of its response. */
  readonly signal: AbortSignal | undefined;
}

/** Status and headers as they were received, not checked yet. */
export interface ResponseHead {
  /** HTTP status. */
  readonly status: number;
  /** Reason phrase; HTTP/2 has none. */
  readonly statusText: string;
  /** Names and values. */
  readonly fields: Iterable<readonly [name: string, value: string]>;
}

// "Null body status" of the Fetch standard: Response refuses a body with them.
const BODYLESS = [204, 205, 304];

// Bytes that may wait for the reader before the connection is paused.
const BUFFERED_BYTES = 65_536;

/**
 * Makes a `Response` whose body is read from `incoming` as fast as the reader takes it.
 *
 * @param request The request; its signal also ends the reading.
 * @param head Status and headers.
 * @param incoming Body of the response, from which nothing was read yet.
 * @returns The response. A body that is cut off errors, it never looks complete.
 * @throws {PilotedError} `REGISTRY_RESPONSE` when the status, the reason phrase or a header is not
 * valid HTTP. The caller destroys `incoming` then.
 */
export function makeResponse(
  request: WireRequest,
  head: ResponseHead,
  incoming: Incoming,
): Response {
  const { status, statusText } = head;
  const init = { status, statusText, headers: readHead(request, head) };
  if (!BODYLESS.includes(status) && request.method !== "HEAD") {
    const body = decompress(streamBody(request, incoming), init.headers, request.url.origin);
    return new Response(body, init);
  }
  incoming.on("error", () => {});
  incoming.resume();
  return new Response(null, init);
}

// What Response and Headers would refuse with a RangeError or TypeError that names no address.
function readHead(request: WireRequest, head: ResponseHead): Headers {
  const { status, statusText, fields } = head;
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    const received = Number.isNaN(status) ? "none" : status;
    throw unusable(request, `its status must be 200 to 599, received ${received}`, status);
  }
  // The reason phrase of RFC 9112, section 4.
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(statusText)) {
    const received = JSON.stringify(statusText.slice(0, 60));
    throw unusable(request, `its reason phrase has a control character, received ${received}`);
  }
  const headers = new Headers();
  for (const [name, value] of fields) {
    try {
      headers.append(name, value);
    } catch (cause) {
      const received = JSON.stringify(name.slice(0, 60));
      throw unusable(request, `its header ${received} is not valid HTTP`, undefined, cause);
    }
  }
  return headers;
}

function unusable(
  request: WireRequest,
  why: string,
  status?: number,
  cause?: unknown,
): PilotedError {
  const { origin } = request.url;
  return new PilotedError("REGISTRY_RESPONSE", `Cannot use the response of ${origin}: ${why}`, {
    url: origin,
    // NaN where there was none.
    status: Number.isInteger(status) ? status : undefined,
    cause,
  });
}

/**
 * Makes the error that a failed request rejects with: a `TypeError`, as the Fetch standard has it.
 * A `PilotedError` is returned as it is.
 *
 * @param origin Origin of the request.
 * @param cause What the runtime threw, kept as the cause.
 * @returns The error, with the origin and the reason in its message.
 */
export function networkError(origin: string, cause: unknown): Error {
  if (cause instanceof PilotedError) return cause;
  return new TypeError(`Cannot reach ${origin}: ${describeNetworkError(cause)}`, { cause });
}

/**
 * Makes the error for a body that does not arrive whole.
 *
 * @param origin Origin of the request.
 * @param cause What the runtime threw, kept as the cause.
 * @returns The error, with the origin and the reason in its message.
 */
export function bodyError(origin: string, cause: unknown): TypeError {
  const why = describeNetworkError(cause);
  return new TypeError(`Cannot read the response of ${origin}: ${why}`, { cause });
}

/**
 * Makes the error for a request after the transport was closed.
 *
 * @returns A `CLOSED` error.
 */
export function transportClosed(): PilotedError {
  return new PilotedError("CLOSED", "Cannot send a request: the transport is closed");
}

function streamBody(request: WireRequest, incoming: Incoming): ReadableStream<Uint8Array> {
  const { signal, url } = request;
  let over = false;
  let removeAbort = () => {};
  const finish = (then: () => void): void => {
    if (over) return;
    over = true;
    removeAbort();
    then();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const fail = (reason: unknown) => finish(() => controller.error(reason));
      const broken = (cause: unknown) => fail(bodyError(url.origin, cause));
      listen(incoming, {
        data(chunk: Uint8Array) {
          if (over) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        },
        end() {
          // A stream that the server reset ends as quietly as one that is complete.
          if (incoming.rstCode) broken(cutOff(incoming));
          else finish(() => controller.close());
        },
        error: broken,
        close: () => broken(cutOff(incoming)),
      }, broken);
      incoming.pause();
      const abort = (reason: unknown) => {
        fail(reason);
        incoming.destroy();
      };
      removeAbort = onAbort(signal, guarded(abort, broken));
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
