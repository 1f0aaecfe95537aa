/**
 * When the body of a response has ended.
 *
 * The response stays the platform's own object, with its type and its native ways to read a body. Only
 * its prototype is replaced by one whose methods also tell when they are done. What reads the body past
 * them, such as a server that sends the response on, is noticed when the response is collected.
 *
 * @module
 */

interface BodyState {
  readonly listeners: (() => void)[];
  ended: boolean;
  stream: ReadableStream<Uint8Array> | null | undefined;
}

// Named here, because the runtimes' types disagree about their readers.
interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

const METHODS = ["text", "json", "arrayBuffer", "blob", "formData", "bytes"] as const;
const STATES = new WeakMap<Response, BodyState>();
const PROTOTYPES = new WeakMap<object, object>();
let collected: FinalizationRegistry<BodyState> | undefined;

/**
 * Calls a listener once when the body of a response was read to its end, has failed, was cancelled, or
 * can no longer be read because nothing refers to the response.
 *
 * @param response The response; nobody has read its body yet.
 * @param listener Called once, at once when there is no body. Must not refer to the response.
 */
export function whenBodyEnds(response: Response, listener: () => void): void {
  if (isEmpty(response) || !Object.isExtensible(response)) return listener();
  let state = STATES.get(response);
  if (state === undefined) {
    state = { listeners: [], ended: false, stream: undefined };
    STATES.set(response, state);
    Object.setPrototypeOf(response, observed(Object.getPrototypeOf(response)));
    collected ??= new FinalizationRegistry(end);
    collected.register(response, state);
  }
  state.listeners.push(listener);
}

/**
 * Frees the connection of a response whose body is not read.
 *
 * @param response The response, if there was one.
 */
export function discard(response: Response | undefined): void {
  if (response?.bodyUsed === false) response.body?.cancel().catch(() => {});
}

// A look at `response.body` would create a stream that most never use.
function isEmpty({ status, type }: Response): boolean {
  return status === 204 || status === 205 || status === 304 || type === "opaqueredirect";
}

function end(state: BodyState): void {
  if (state.ended) return;
  state.ended = true;
  for (const listener of state.listeners.splice(0)) listener();
}

function observed(base: object): object {
  let prototype = PROTOTYPES.get(base);
  if (prototype === undefined) PROTOTYPES.set(base, prototype = observing(base));
  return prototype;
}

function observing(base: object): object {
  const prototype: object = Object.create(base);
  for (const name of METHODS) {
    const read: unknown = Reflect.get(base, name);
    if (typeof read !== "function") continue;
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: Response): Promise<unknown> {
        const state = STATES.get(this);
        const result = (read as () => Promise<unknown>).call(this);
        // The closure keeps the response until its body was read.
        const done = () => void (STATES.has(this) && state !== undefined && end(state));
        result.then(done, done);
        return result;
      },
    });
  }
  Object.defineProperty(prototype, "body", {
    configurable: true,
    get(this: Response): ReadableStream<Uint8Array> | null {
      const body = Reflect.get(base, "body", this) as ReadableStream<Uint8Array> | null;
      const state = STATES.get(this);
      if (state === undefined || state.ended) return body;
      if (state.stream === undefined) {
        state.stream = body === null ? null : follow(body, this, state);
        if (body === null) end(state);
      }
      return state.stream;
    },
  });
  return prototype;
}

/** A stream of the same bytes that tells its end. It takes the original only when it is read. */
function follow(
  body: ReadableStream<Uint8Array>,
  response: Response,
  state: BodyState,
): ReadableStream<Uint8Array> {
  let reader: ChunkReader | undefined;
  // Refers to the response, so that it is not collected before its stream.
  const open = () => reader ??= (STATES.has(response) ? body : body).getReader() as ChunkReader;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const { done, value } = await open().read();
        if (!done) {
          if (value!.byteLength > 0) controller.enqueue(value as Uint8Array<ArrayBuffer>);
          return;
        }
        end(state);
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (error) {
        end(state);
        throw error;
      }
    },
    async cancel(reason) {
      end(state);
      await open().cancel(reason);
    },
  });
}
