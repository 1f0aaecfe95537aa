/**
 * Request bodies that can be sent more than once.
 *
 * @module
 */

/** Maximum number of microtasks that a finished stream takes to deliver its next chunk. */
const TURNS = 32;

// Named here, because the runtimes' types disagree about their readers.
interface Chunk {
  readonly done: boolean;
  readonly value?: Uint8Array | undefined;
}

interface ChunkReader {
  read(): Promise<Chunk>;
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
 * Reads the body of a request. A complete body, as of every request created from a string, bytes or
 * a form, becomes bytes: it can be sent again, and with its length. A body that is still being
 * written stays a stream.
 *
 * @param stream The request's body.
 * @returns Bytes or a stream.
 */
export async function takeBody(
  stream: ReadableStream<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const reader: ChunkReader = stream.getReader();
  const chunks: Uint8Array[] = [];
  for (;;) {
    const next = reader.read();
    const result = await soon(next);
    if (result === undefined) return resume(chunks, next, reader);
    if (result.done) return join(chunks);
    chunks.push(result.value!);
  }
}

/** The result of a promise that settles within a few microtasks, else `undefined`. */
async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  let result: { value: T } | undefined;
  let failed = false;
  promise.then((value) => result = { value }, () => failed = true);
  for (let turn = 0; turn < TURNS && result === undefined && !failed; turn++) await undefined;
  return failed ? await promise : result?.value;
}

function resume(
  chunks: readonly Uint8Array[],
  next: Promise<Chunk>,
  reader: ChunkReader,
): ReadableStream<Uint8Array> {
  let pending: Promise<Chunk> | undefined = next;
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
    },
    async pull(controller) {
      const { done, value } = await (pending ?? reader.read());
      pending = undefined;
      if (done) controller.close();
      else controller.enqueue(value!);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
