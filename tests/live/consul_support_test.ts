import { assert, assertEquals } from "@std/assert";
import { skipWithoutConsul, startConsul } from "../support/consul.ts";
import { startCluster } from "../support/consul_cluster.ts";
import {
  type CatalogService,
  deregisterMany,
  registerMany,
  registerNode,
  registerService,
} from "../support/consul_services.ts";
import { createCertificates } from "../support/consul_tls.ts";
import { test } from "../support/test.ts";

const skip = await skipWithoutConsul();

test("startConsul() gives a server that takes many services at once", { skip }, async () => {
  await using consul = await startConsul();
  await registerNode(consul, "many", "10.0.0.1");
  const services = Array.from({ length: 200 }, (_, i): CatalogService => ({
    node: "many",
    name: "app",
    id: `app-${i}`,
    port: 1_000 + i,
  }));
  await registerMany(consul, services);
  assertEquals((await consul.get<unknown[]>("/v1/health/service/app")).length, 200);
  await deregisterMany(consul, services.slice(1));
  assertEquals((await consul.get<unknown[]>("/v1/health/service/app")).length, 1);
});

test("startConsul() with access control shows nothing without its token", { skip }, async () => {
  await using consul = await startConsul({ acl: true });
  await registerService(consul, { Name: "app", Port: 1 });
  assertEquals((await consul.get<unknown[]>("/v1/health/service/app")).length, 1);
  const anonymous = await fetch(`${consul.url}/v1/health/service/app`);
  assertEquals(await anonymous.json(), []);
});

test("Consul.restart() keeps the data of a persistent server", { skip }, async () => {
  await using consul = await startConsul({ persistent: true });
  await registerNode(consul, "kept", "10.0.0.1");
  consul.kill("SIGKILL");
  await consul.ended();
  await consul.restart();
  assert(await consul.get("/v1/catalog/node/kept") !== null);
  await consul.restart({ wipe: true });
  assertEquals(await consul.get("/v1/catalog/node/kept"), null);
});

test("startConsul() with certificates refuses a client that has none", { skip }, async () => {
  const certificates = await createCertificates();
  try {
    await using consul = await startConsul({ tls: certificates });
    const refused = await fetch(`${consul.httpsUrl}/v1/status/leader`).then(
      (response) => response.body?.cancel().then(() => false),
      () => true,
    );
    assert(refused);
  } finally {
    await certificates.remove();
  }
});

test("startCluster() elects a new leader when the old one is killed", {
  skip,
  timeout: 120_000,
}, async () => {
  await using cluster = await startCluster();
  await registerService(cluster.client, { Name: "app", Port: 1 });
  const old = await cluster.leader();
  old.kill("SIGKILL");
  await old.ended();
  const next = await cluster.leader();
  assert(next !== old);
  await cluster.client.ready();
  await old.restart();
  assertEquals((await cluster.client.get<unknown[]>("/v1/health/service/app")).length, 1);
});
