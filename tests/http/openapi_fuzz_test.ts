import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import process from "node:process";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { service } from "../../src/http/mod.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

const RUNS = 100;

interface Parameter {
  name: string;
  in: "path" | "query";
  schema: { enum?: string[]; type?: string };
}

interface Operation {
  parameters: Parameter[];
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
}

interface Generated {
  path: Record<string, string>;
  query: [string, string][];
  headers: Record<string, string>;
}

/** Meaningful values and random text. */
function values(parameter: Parameter): fc.Arbitrary<string> {
  const known: Record<string, string[]> = {
    name: ["customers", "orders", "none", "..", "%00"],
    rest: ["", "a/b", "//evil.example", "%2e%2e/x"],
    tag: ["blue", "green"],
    zone: ["west"],
    key: ["user-1"],
    index: ["0", "1", "999999999999999"],
    wait: ["1ms", "5s", "10m"],
  };
  const own = parameter.schema.enum ?? known[parameter.name] ?? [];
  const any = fc.string({ unit: "binary", maxLength: 30 });
  return own.length === 0 ? any : fc.oneof(fc.constantFrom(...own), any);
}

function requests(operation: Operation): fc.Arbitrary<Generated> {
  const path = operation.parameters.filter((parameter) => parameter.in === "path");
  const query = operation.parameters.filter((parameter) => parameter.in === "query");
  const pair = query.length === 0
    ? fc.tuple(fc.string(), fc.string())
    : fc.oneof(...query.map((each) => fc.tuple(fc.constant(each.name), values(each))));
  const header = fc.string({ unit: "grapheme-ascii", maxLength: 20 }).map((text) => text.trim());
  return fc.record({
    path: fc.record(Object.fromEntries(path.map((each) => [each.name, values(each)]))),
    query: fc.array(pair, { maxLength: 4 }),
    headers: fc.record({
      "if-none-match": fc.oneof(fc.constant("*"), header),
      "last-event-id": header,
      "accept": header,
      "accept-encoding": fc.constantFrom("", "gzip", "br"),
      "origin": fc.constantFrom("http://localhost", "null", "x"),
    }, { requiredKeys: [] }),
  }) as fc.Arbitrary<Generated>;
}

function ordinary(headers: Record<string, string>): Generated {
  return { path: { name: "customers", rest: "a/b" }, query: [], headers };
}

function url(template: string, { path, query }: Generated): string {
  const filled = template.replace(/\{([a-z]+)\}/g, (_, name) => encodeURIComponent(path[name]!));
  return `http://localhost${filled}?${new URLSearchParams(query)}`;
}

test("requests by the OpenAPI document, valid or not quite, never get a 5xx or an undescribed response", async () => {
  await using consul = new EmbeddedConsul();
  for (const [id, name, tags] of [["1", "customers", ["blue"]], ["2", "orders", []]] as const) {
    consul.register({
      name,
      id,
      address: "10.0.0.1",
      port: 80,
      tags: [...tags],
      meta: { zone: "west" },
      status: "passing",
    });
  }
  await using piloted = await createPiloted({
    config: {
      consul: "consul:8500",
      watches: ["customers", "orders"].map((name) => ({ name, interval: 5 })),
    },
    fetch: consul.fetch,
    signals: false,
  });
  const app = service(piloted);
  const document: Document = await (await app.request("/openapi.json")).json();
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(document, "openapi");
  const seed = Number(process.env.PILOTED_SEED ?? Date.now() % 2 ** 31);
  console.log(`PILOTED_SEED=${seed}`);
  const seen = new Map<string, number>();

  for (const [template, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const check = async (generated: Generated) => {
        const { headers } = generated;
        const init = { method: method.toUpperCase(), headers };
        // A value such as ".." turns it into a request of another operation.
        const target = url(template, generated);
        if (!fits(template, target)) return;
        const response = await app.request(target, init);
        const { status } = response;
        assert(status < 500, `${status} for ${method} ${target}`);
        const described = operation.responses[status] ?? operation.responses.default!;
        seen.set(`${method} ${template} ${status}`, 1);
        const type = response.headers.get("content-type")?.split(";")[0];
        if (type === "text/event-stream") return await response.body!.cancel();
        const body = await decoded(response);
        if (described.content === undefined) return;
        const { schema } = described.content[type!] ?? {};
        assert(schema !== undefined, `${type} is not described for ${status} of ${template}`);
        const value = type!.endsWith("json") ? JSON.parse(body) : body;
        const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'));
        assert(ajv.validate(resolved, value), `${template} ${status}: ${ajv.errorsText()}`);
      };
      await fc.assert(fc.asyncProperty(requests(operation), check), {
        seed,
        numRuns: RUNS,
        // Seen whatever the seed is.
        examples: [[ordinary({})], [ordinary({ "if-none-match": "*" })]],
      });
    }
  }
  // The important responses were reached, not only errors.
  for (
    const [template, status] of [
      ["/v1/services/{name}", 200],
      ["/v1/services/{name}", 304],
      ["/v1/services/{name}", 400],
      ["/v1/services/{name}/endpoint", 200],
      ["/v1/services/{name}/endpoint", 404],
      ["/v1/services/{name}/redirect/{rest}", 307],
    ]
  ) {
    assertEquals(seen.get(`get ${template} ${status}`), 1, `${template} ${status} was never seen`);
  }
});

function fits(template: string, target: string): boolean {
  const pattern = template.replace(/\{rest\}/, ".*").replace(/\{name\}/, "[^/]+");
  return new RegExp(`^${pattern}$`, "s").test(new URL(target).pathname);
}

async function decoded(response: Response): Promise<string> {
  if (response.headers.get("content-encoding") !== "gzip") return await response.text();
  const plain = response.body!.pipeThrough(new DecompressionStream("gzip"));
  return await new Response(plain).text();
}
