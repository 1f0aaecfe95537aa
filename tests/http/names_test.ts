/** Services with other names, named ports and reach, over HTTP. */
import { assertEquals } from "@std/assert";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { service } from "../../src/http/mod.ts";
import { StaticSource } from "../../src/source/static.ts";
import { test } from "../support/test.ts";

test("service() finds a service in any case of its name, and by as", async () => {
  const ports = { http: 80, grpc: 90 };
  const source = new StaticSource({ MyApp: [{ id: "a", address: "10.0.0.1", port: 80, ports }] });
  await using piloted = await createPiloted({
    config: {
      consul: "c:1",
      watches: [{ name: "MyApp" }, { name: "myapp", port: "grpc", as: "rpc" }],
    },
    signals: false,
    source,
  });
  const app = service(piloted);
  const json = async (path: string) => await (await app.request(path)).json();
  const { service: name, index, endpoints, watches } = await json("/v1/services/MYAPP");
  assertEquals([name, endpoints[0].ports], ["MyApp", ports]);
  assertEquals("port" in watches[0], false);
  assertEquals((await json("/v1/services/myapp")).index, index);
  assertEquals((await json("/v1/services/myapp/endpoint")).port, 80);
  const rpc = await json("/v1/services/rpc");
  assertEquals([rpc.service, rpc.endpoints[0].host, rpc.watches[0].port], [
    "rpc",
    "10.0.0.1:90",
    "grpc",
  ]);
  assertEquals((await app.request("/services/myapp")).status, 200);
  assertEquals((await app.request("/v1/services/other")).status, 404);
});
