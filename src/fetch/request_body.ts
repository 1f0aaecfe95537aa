/**
 * Request bodies that can be sent more than once.
 *
 * @module
 */

/** The body of a `Request` is kept up to this size, in bytes: with its length, and to be sent again. */
const BUFFER_BYTES = 65_536;

// Named here, because the runtimes' types disagree about their readers.
interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/**
 * Whether a body can be sent more than once.
 *
 * @param body Body of a request.
 * @returns `false` for streams and other iterables.
 */
export function isReplayable(body: unknown): boolean {
  return body === undefined || body === null || typeof body === "string" ||
    body instanceof ArrayBuffer || ArrayBuffer.isView(body) || body instanceof Blob ||
    body instanceof FormData || body instanceof URLSearchParams;
}

/**
 * Reads the body of a `Request`, which is always a stream, of the web or of Node. One of up to 64 KiB becomes bytes: it can be
 * sent again, and with its length. A larger one stays a stream.
 *
 * @param stream The request's body.
 * @returns Bytes or a stream.
 * @throws What the stream fails with.
 */
export async function takeBody(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const reader = "getReader" in stream ? stream.getReader() as ChunkReader : iterating(stream);
  const chunks: Uint8Array[] = [];
  for (let length = 0; length <= BUFFER_BYTES;) {
    const { done, value } = await reader.read();
    if (done) return join(chunks, length);
    chunks.push(value!);
    length += value!.length;
  }
  return resume(chunks, reader);
}

/** Requests of node-fetch have streams of Node. */
function iterating(stream: AsyncIterable<Uint8Array | string>): ChunkReader {
  const iterator = stream[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return {
    async read() {
      const { done, value } = await iterator.next();
      if (done) return { done: true };
      return { done: false, value: typeof value === "string" ? encoder.encode(value) : value };
    },
    async cancel(reason) {
      await iterator.return?.(reason);
    },
  };
}

function resume(chunks: Uint8Array[], reader: ChunkReader): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) return controller.enqueue(chunk);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value!);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
