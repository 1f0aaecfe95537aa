import { assert, assertEquals } from "@std/assert";
import { networkInterfaces as listInterfaces } from "node:os";
import { PilotedError } from "../../src/errors.ts";
import { checkRegisterOptions } from "../../src/registration/check_register_options.ts";
import { defineService, type Machine } from "../../src/registration/define.ts";
import type { RegisterOptions } from "../../src/registration/options.ts";
import {
  parseInterfaceRule,
  selectAddress,
  sortAddresses,
} from "../../src/registration/select_address.ts";
import {
  hostname,
  type InterfaceAddress,
  networkInterfaces,
} from "../../src/runtime/interfaces.ts";
import { test } from "../support/test.ts";

function list(text: string): InterfaceAddress[] {
  return text.trim().split("\n").map((line) => {
    const [name, address] = line.trim().split(" ");
    return { name: name!, address: address! };
  });
}

// ContainerPilot's documentation ("Sample Ordering"), shuffled.
const DOCUMENTED = list(`
  lo 127.0.0.1
  eth2 fdc6:238c:c4bc::1
  eth1 10.0.0.200
  eth0 192.168.1.100
  lo ::1
  eth2 10.1.0.200
  eth1 10.0.0.100
  eth0 10.2.0.1
`);

// An EC2 instance with Docker, as os.networkInterfaces() lists it.
const DOCKER = list(`
  lo 127.0.0.1
  lo ::1
  ens5 172.31.18.4
  ens5 fe80::4b:9aff:fe31:12%ens5
  ens5 2600:1f18:abcd::17
  docker0 172.17.0.1
  br-4c1f 172.18.0.1
  ens5:1 172.31.18.5
  tun0 <addr family=10>
`);

test("sortAddresses(): is ContainerPilot's documented order", () => {
  const order = sortAddresses(DOCUMENTED).map(({ name, address }) => `${name} ${address}`);
  assertEquals(order, [
    "eth0 10.2.0.1",
    "eth0 192.168.1.100",
    "eth1 10.0.0.100",
    "eth1 10.0.0.200",
    "eth2 10.1.0.200",
    "eth2 fdc6:238c:c4bc::1",
    "lo ::1",
    "lo 127.0.0.1",
  ]);
});

const CASES: readonly (readonly [readonly InterfaceAddress[], string, string | undefined])[] = [
  [DOCUMENTED, "eth0", "10.2.0.1"],
  [DOCUMENTED, "eth0:inet", "10.2.0.1"],
  [DOCUMENTED, "eth0[1]", "192.168.1.100"],
  [DOCUMENTED, "eth0[2]", undefined],
  [DOCUMENTED, "eth2[1]", "fdc6:238c:c4bc::1"],
  [DOCUMENTED, "eth2:inet6", "fdc6:238c:c4bc::1"],
  [DOCUMENTED, "eth0:inet6", undefined],
  [DOCUMENTED, "10.0.0.0/16", "10.0.0.100"],
  [DOCUMENTED, "10.0.0.0/8", "10.2.0.1"],
  [DOCUMENTED, "fdc6:238c:c4bc::/48", "fdc6:238c:c4bc::1"],
  [DOCUMENTED, "127.0.0.0/8", "127.0.0.1"],
  [DOCUMENTED, "inet", "10.2.0.1"],
  [list("lo 127.0.0.1\nzz0 10.9.9.9"), "inet", "10.9.9.9"],
  [DOCUMENTED, "inet6", "fdc6:238c:c4bc::1"],
  [DOCUMENTED, "static:192.0.2.7", "192.0.2.7"],
  [DOCUMENTED, "lo", "127.0.0.1"],
  [DOCUMENTED, "lo[0]", "::1"],
  [DOCUMENTED, "eth9 inet", "10.2.0.1"],
  [DOCKER, "inet", "172.18.0.1"],
  [DOCKER, "inet6", "2600:1f18:abcd::17"],
  [DOCKER, "ens5[1]", "172.31.18.5"],
  [DOCKER, "ens5[3]", "fe80::4b:9aff:fe31:12"],
  [DOCKER, "172.31.16.0/20", "172.31.18.4"],
  [DOCKER, "fe80::/10", "fe80::4b:9aff:fe31:12"],
];

test("selectAddress(): every rule of ContainerPilot on recorded lists, in any order", () => {
  for (const [addresses, rules, expected] of CASES) {
    assertEquals(selectAddress(rules.split(" "), addresses), expected, rules);
    assertEquals(selectAddress(rules.split(" "), [...addresses].reverse()), expected, rules);
  }
});

test("parseInterfaceRule(): refuses what ContainerPilot refuses", () => {
  const refused = ["", "!", "127.0.0.1", "eth0:inet5", "eth0[-1]", "eth0[a]", "static:abcdef"];
  refused.push("br-1", "eth0.100", "static:", "10.0.0.0/33", "::/129", "10.0.0/8", "010.0.0.0/8");
  for (const rule of refused) assertEquals(parseInterfaceRule(rule), undefined, rule);
});

test("networkInterfaces(): lists this machine's, of which a rule selects one", () => {
  const own = networkInterfaces();
  const expected = Object.values(listInterfaces()).flat().map((entry) => entry!.address).sort();
  assertEquals(own.map(({ address }) => address.replace(/%.*/, "")).sort(), expected);
  assertEquals(selectAddress(["127.0.0.0/8"], own), "127.0.0.1");
  for (const { name, address } of own.filter(({ name }) => /^\w+$/.test(name))) {
    const found = own.map((_, index) => selectAddress([`${name}[${index}]`], own));
    assert(found.includes(address.replace(/%.*/, "")), `${name} ${address}: ${found}`);
  }
  assert(hostname()!.length > 0);
});

function define(
  options: Partial<RegisterOptions>,
  env: Record<string, string> = {},
  how?: { defaultInterfaces: boolean; idWithoutPort: boolean },
  machine: Partial<Machine> = {},
) {
  const all = { name: "app", port: 80, ...options };
  const known = {
    networkInterfaces: () => DOCUMENTED,
    hostname: () => "web_1.local/é",
    ...machine,
  };
  return defineService(all, checkRegisterOptions(all, "test"), env, known, how);
}

test("defineService(): address, interfaces, variable, agent: the first that is there", () => {
  const env = { PILOTED_ADVERTISE_ADDRESS: "192.0.2.9" };
  const job = { defaultInterfaces: true, idWithoutPort: true };
  assertEquals(define({ address: "a.example", interfaces: ["eth1"] }, env).address, "a.example");
  assertEquals(define({ interfaces: ["eth1"] }, env).address, "10.0.0.100");
  assertEquals(define({}, env).address, "192.0.2.9");
  assertEquals(define({}).address, "");
  assertEquals(define({}, env, job).address, "192.0.2.9");
  assertEquals(define({}, {}, job).address, "10.2.0.1");
  assertEquals(define({}, {}, job, { networkInterfaces: () => [] }).address, "");
});

test("defineService(): ids are stable, and only have characters that need no escape", () => {
  assertEquals(define({}).id, "app-web_1.local---80");
  assertEquals(
    define({}, {}, { defaultInterfaces: true, idWithoutPort: true }).id,
    "app-web_1.local--",
  );
  assertEquals(define({ id: "a/1" }).checkId, "service:a/1");
});

test("defineService(): says what the machine has, and what Deno must allow", () => {
  const refused = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      assert(error instanceof PilotedError && error.code === "CONFIG_INVALID", String(error));
      return error.message;
    }
    throw new Error("Nothing was thrown");
  };
  const why = refused(() => define({ interfaces: ["wlan0"] }));
  assert(/\["wlan0"\], the machine has eth0 10.2.0.1/.test(why), why);
  const deny = () => {
    throw new Error("NotCapable");
  };
  assert(/--allow-sys=hostname, or pass the option id/.test(
    refused(() => define({}, {}, undefined, { hostname: deny })),
  ));
  assert(/--allow-sys=networkInterfaces/.test(
    refused(() => define({ interfaces: ["eth0"] }, {}, undefined, { networkInterfaces: deny })),
  ));
  assert(/^[^:]+ \$PILOTED_ADVERTISE_ADDRESS: .*, received "10\.0\.0\.256"$/.test(
    refused(() => define({}, { PILOTED_ADVERTISE_ADDRESS: "10.0.0.256" })),
  ));
});
