/**
 * Bodies that a proxy compressed, although nobody asked for it.
 *
 * @module
 */
import { PilotedError } from "../../errors.ts";
import { guarded, listen } from "./guard.ts";
import { builtin, type Decoder, type ZlibModule } from "./node_builtins.ts";

/**
 * Undoes the encodings of a body (RFC 9110, section 8.4: gzip, deflate and br). The result grows only
 * as fast as it is read, so that a small body that unpacks to a huge one does no harm to a reader who
 * stops in time.
 *
 * @param body The body as it was received.
 * @param headers The headers of the response; those that no longer fit are removed.
 * @param origin Where it came from, for errors.
 * @returns The decoded body; the same one when there is nothing to decode, or the encoding is not known.
 */
export function decompress(
  body: ReadableStream<Uint8Array>,
  headers: Headers,
  origin: string,
): ReadableStream<Uint8Array> {
  const encodings = (headers.get("content-encoding") ?? "").toLowerCase().split(",")
    .map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
  const zlib = encodings.length === 0 ? undefined : builtin("node:zlib");
  if (zlib === undefined || !encodings.every((name) => Object.hasOwn(DECODERS, name))) return body;
  headers.delete("content-encoding");
  headers.delete("content-length");
  // The last one was applied last.
  return encodings.reduceRight(
    (inner, name) => decode(inner, (first) => DECODERS[name]!(zlib, first), name, origin),
    body,
  );
}

const DECODERS: Readonly<Record<string, (zlib: ZlibModule, first: number) => Decoder>> = {
  gzip: (zlib) => zlib.createGunzip(),
  "x-gzip": (zlib) => zlib.createGunzip(),
  // Some send it without the header of RFC 1950 that HTTP asks for, and all clients take it.
  deflate: (zlib, first) => (first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw(),
  br: (zlib) => zlib.createBrotliDecompress(),
};

function decode(
  body: ReadableStream<Uint8Array>,
  create: (firstByte: number) => Decoder,
  encoding: string,
  origin: string,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let decoder: Decoder | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let over = false;
  const finish = (then: () => void): void => {
    if (over) return;
    over = true;
    then();
  };
  const fail = (cause: unknown) => finish(() => controller.error(cause));
  const broken = (cause: unknown) => {
    const message = `Cannot read the response of ${origin}: its body is not valid ${encoding}`;
    fail(new PilotedError("REGISTRY_RESPONSE", message, { url: origin, cause }));
    reader.cancel().catch(() => {});
  };
  const open = (first: number): Decoder => {
    const opened = create(first);
    listen(opened, {
      data(chunk: Uint8Array) {
        if (over) return;
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) opened.pause();
      },
      end: () => finish(() => controller.close()),
      error: broken,
    }, broken);
    return opened;
  };
  const pump = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (over) return;
      if (done) {
        if (decoder === undefined) finish(() => controller.close());
        else decoder.end();
        return;
      }
      if (value.byteLength === 0) continue;
      const { write } = decoder ??= open(value[0]!);
      await new Promise<void>((resolve) => void write.call(decoder, value, guarded(resolve, fail)));
    }
  };
  return new ReadableStream<Uint8Array>({
    start(own) {
      controller = own;
      void pump().catch(fail);
    },
    pull: () => void decoder?.resume(),
    cancel(reason) {
      over = true;
      decoder?.destroy();
      return reader.cancel(reason);
    },
  });
}
