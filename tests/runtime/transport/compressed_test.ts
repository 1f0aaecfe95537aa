/** Responses that a proxy compressed, over real sockets on every runtime. */
import { assertEquals, assertMatch } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { createNodeTransport } from "../../../src/runtime/transport/node_transport.ts";
import { createTransport } from "../../../src/runtime/transport/transport.ts";
import { ConsulSource } from "../../../src/source/consul.ts";
import { entry, failureOf } from "../../source/support.ts";
import { test } from "../../support/test.ts";

const BODY = JSON.stringify(
  Array.from({ length: 500 }, (_, index) => entry({ service: { ID: `i${index}` } })),
);

async function withServer(
  encoding: string,
  body: Uint8Array,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer((_, response) => {
    response.writeHead(200, {
      "Content-Encoding": encoding,
      "Content-Length": body.byteLength,
      "X-Consul-Index": "7",
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const KINDS = {
  "createTransport()": () => createTransport(),
  "createNodeTransport()": () => createNodeTransport()!,
};

for (const [kind, create] of Object.entries(KINDS)) {
  const encodings: [string, Uint8Array][] = [
    ["gzip", gzipSync(BODY)],
    ["x-gzip", gzipSync(BODY)],
    ["deflate", deflateSync(BODY)],
    ["deflate", deflateRawSync(BODY)],
    ["br", brotliCompressSync(BODY)],
    ["gzip, br", brotliCompressSync(gzipSync(BODY))],
    ["identity", new TextEncoder().encode(BODY)],
  ];
  test(`${kind} decodes a body that was compressed although nothing was asked`, async () => {
    for (const [encoding, body] of encodings) {
      await withServer(encoding, body, async (url) => {
        const transport = create();
        try {
          const source = new ConsulSource({ url, fetch: transport.fetch });
          const reading = await source.read({ service: "app" });
          assertEquals([reading.endpoints.length, reading.position], [500, "7"], encoding);
        } finally {
          await transport.close();
        }
      });
    }
  });

  test(`${kind} counts what a body unpacks to against maxResponseBytes`, async () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
    await withServer("gzip", bomb, async (url) => {
      const transport = create();
      try {
        const source = new ConsulSource({
          url,
          fetch: transport.fetch,
          maxResponseBytes: 1_000_000,
        });
        const error = await failureOf(source.read({ service: "app" }));
        assertMatch(
          error.message,
          /larger than 1000000 bytes, the limit of the option maxResponseB/,
        );
      } finally {
        await transport.close();
      }
    });
  });

  test(`${kind} rejects a body that is not what its header says`, async () => {
    for (const body of [new TextEncoder().encode(BODY), gzipSync(BODY).subarray(0, 200)]) {
      await withServer("deflate", body, async (url) => {
        const transport = create();
        try {
          const source = new ConsulSource({ url, fetch: transport.fetch });
          const error = await failureOf(source.read({ service: "app" }));
          assertMatch(error.message, /its body is not valid deflate$/);
        } finally {
          await transport.close();
        }
      });
    }
  });
}
