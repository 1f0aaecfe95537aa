/** Ports by name, tagged addresses, peers and zones, on the embedded Consul's newer versions. */
import { assert, assertEquals } from "@std/assert";
import { createFetch } from "../../src/client/create_fetch.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

for (const version of ["1.22", "2.0"] as const) {
  test(`Consul ${version}: ports by name, a tagged address and a zone reach the caller`, async () => {
    const consul = new EmbeddedConsul({ version });
    consul.register({
      name: "customers",
      address: "10.0.0.1",
      ports: { http: 8080, grpc: 9090 },
      taggedAddresses: { wan: { Address: "198.51.100.7", Port: 443 } },
      locality: { region: "eu", zone: "eu-1a" },
    });
    await using piloted = await createPiloted({
      config: {
        consul: "127.0.0.1:8500",
        watches: [
          { name: "customers" },
          { name: "customers", port: "grpc", as: "rpc" },
          { name: "customers", address: "wan", as: "outside" },
          { name: "customers", port: "admin", as: "admin" },
        ],
      },
      fetch: consul.fetch,
      signals: false,
    });
    const { host, ports, zone } = piloted.pick("customers");
    assertEquals([host, zone], ["10.0.0.1:8080", "eu-1a"]);
    assertEquals(ports, { http: 8080, grpc: 9090 });
    assertEquals(piloted.pick("rpc").host, "10.0.0.1:9090");
    assertEquals(piloted.pick("outside").address, "198.51.100.7");
    const [reason] = piloted.status("admin").watches[0]!.skippedReasons;
    assert(reason?.endsWith('it has no port "admin"; its ports are "http", "grpc"'), reason);
    const sent: string[] = [];
    const fetch = createFetch(piloted, {
      fetch: (input) => {
        sent.push(String(input));
        return Promise.resolve(new Response());
      },
    });
    await fetch("http://_grpc.customers/orders");
    assertEquals(sent, ["http://10.0.0.1:9090/orders"]);
  });

  test(`Consul ${version}: a service of a peer is another list than the own one`, async () => {
    const consul = new EmbeddedConsul({ version });
    consul.register({ name: "billing", id: "b", address: "10.0.0.1", port: 80 });
    consul.register({ name: "billing", id: "b", address: "10.9.0.1", port: 80, peer: "west" });
    await using piloted = await createPiloted({
      config: {
        consul: "127.0.0.1:8500",
        watches: [{ name: "billing" }, { name: "billing", peer: "west", as: "west" }],
      },
      fetch: consul.fetch,
      failover: { billing: [{ peer: "west" }] },
      emptyPolicy: "accept",
      signals: false,
    });
    assertEquals(piloted.pick("billing").host, "10.0.0.1:80");
    const { host, peer } = piloted.pick("west");
    assertEquals([host, peer], ["10.9.0.1:80", "west"]);
  });

  test(`Consul ${version} Enterprise: namespaces, partitions and sameness groups are lists of their own`, async () => {
    const consul = new EmbeddedConsul({ version, enterprise: true });
    const at = (last: number) => `10.0.0.${last}`;
    const web = (id: string, last: number, more: object) =>
      consul.register({ name: "web", id, address: at(last), port: 80, ...more });
    web("default", 1, {});
    web("team", 2, { namespace: "team-a" });
    web("edge", 3, { partition: "edge", node: "edge-node" });
    web("group", 4, { samenessGroup: "global" });
    const sent: URL[] = [];
    await using piloted = await createPiloted({
      config: {
        consul: "127.0.0.1:8500",
        watches: [
          { name: "web", tag: "none", as: "plain" },
          { name: "web", namespace: "team-a", as: "team" },
          { name: "web", partition: "edge", as: "edge" },
          { name: "web", samenessGroup: "global", as: "global" },
        ],
      },
      fetch: (input, init) => {
        sent.push(new URL(new Request(input).url));
        return consul.fetch(input, init);
      },
      signals: false,
      env: {},
    });
    const addresses = (name: "team" | "edge" | "global") =>
      piloted.serviceHosts(name).map(({ address }) => address);
    assertEquals(addresses("team"), [at(2)]);
    assertEquals(addresses("edge"), [at(3)]);
    assertEquals(addresses("global"), [at(4)]);
    // A parameter is sent only where it is set: Consul's community edition refuses all of them.
    const named = (url: URL) =>
      ["ns", "partition", "sg", "peer"].filter((key) => url.searchParams.has(key));
    const reads = sent.filter(({ pathname }) => pathname === "/v1/health/service/web");
    const kinds = new Set(reads.map((url) => named(url).join()));
    assertEquals([...kinds].sort(), ["", "ns", "partition", "sg"]);
  });
}
