import { assert, assertEquals } from "@std/assert";
import { routes } from "../../src/http/mod.ts";
import { test } from "../support/test.ts";
import { FakeClient } from "./fake_client.ts";

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; responses: object }>>;
  components: { schemas: Record<string, object> };
}

test("GET openapi.json describes every route, and no other", async () => {
  const app = routes(new FakeClient());
  const response = await app.request("/openapi.json");
  assertEquals(response.headers.get("cache-control"), "public, max-age=300");
  const document: Document = await response.json();
  assertEquals(document.openapi, "3.1.0");
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`)
  );
  const served = app.routes
    .map(({ method, path }) => `${method} ${path}`)
    .filter((route) => /^(GET|POST) /.test(route))
    .map((route) => route.replace(":name", "{name}").replace("*", "{rest}"));
  // The 405 responses have routes as well.
  assertEquals(described.filter((route) => !served.includes(route)), []);
  const paths = [...new Set(served.map((route) => route.split(" ")[1]!))];
  assertEquals(paths.sort(), Object.keys(document.paths).sort());
});

test("GET openapi.json defines everything that it refers to", async () => {
  const text = await (await routes(new FakeClient()).request("/openapi.json")).text();
  const { components }: Document = JSON.parse(text);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
  assert(references.length > 0);
  for (const [, name] of references) assert(name! in components.schemas, name);
});
