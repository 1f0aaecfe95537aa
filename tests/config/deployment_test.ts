/** The configurations of docs/deployment.md, as they are written there. */
import { assertEquals } from "@std/assert";
import { readFile } from "node:fs/promises";
import { revealSecret } from "../../src/secret.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { test } from "../support/test.ts";

const TEXT = await readFile(new URL("../../docs/deployment.md", import.meta.url), "utf8");
const WATCHES = [["customers", undefined], ["database", "primary"]];

/** The code blocks of a language in a section. */
function blocks(section: string, language: string): string[] {
  const text = TEXT.split(/^## /m).find((part) => part.startsWith(`${section}\n`))!;
  return [...text.matchAll(/^```(\S+)[^\n]*\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language).map(([, , code]) => code!);
}

function watchesOf({ watches }: Awaited<ReturnType<typeof parseConfig>>) {
  return watches.map(({ name, tag }) => [name, tag]);
}

test("the configuration for Kubernetes logs in to servers behind one name", async () => {
  const [yaml] = blocks("Kubernetes", "yaml");
  const text = /containerpilot\.json5: \|\n((?: {4}.*\n)+)/.exec(yaml!)![1]!;
  // What a cluster sets, also without enableServiceLinks: false.
  const env = { POD_NAME: "web-1", CONSUL_PORT: "tcp://10.96.0.12:8500" };
  const config = await parseConfig(text, { env });
  assertEquals(config.warnings, []);
  assertEquals(watchesOf(config), WATCHES);
  assertEquals(config.consul, {
    url: "https://consul-server.consul.svc:8501",
    tls: { caFile: "/etc/consul/ca.pem", serverName: "server.dc1.consul", verify: true },
    login: {
      method: "consul-k8s-auth-method",
      bearerTokenFile: "/var/run/secrets/consul/token",
      meta: { pod: "web-1" },
    },
  });
  // The token and the authority are where the pod mounts them.
  for (const path of ["/etc/consul", "/var/run/secrets/consul", "/etc/piloted"]) {
    assertEquals(yaml!.includes(`mountPath: ${path} }`), true, path);
  }
});

test("the configuration for ECS is in variables of the task", async () => {
  const [json] = blocks("Amazon ECS", "json");
  const [json5] = blocks("Amazon ECS", "json5");
  const [container] = JSON.parse(json!).containerDefinitions;
  const env: Record<string, string> = {};
  for (const { name, value } of container.environment) env[name] = value;
  for (const { name } of container.secrets) env[name] = `secret of ${name}`;
  const config = await parseConfig(json5!, { env });
  assertEquals(config.warnings, []);
  assertEquals(watchesOf(config), WATCHES);
  const addresses = [1, 2, 3].map((number) => `https://consul-server-${number}.internal:8501`);
  assertEquals(config.consul.addresses, addresses);
  assertEquals(config.consul.tls, {
    caFile: "/etc/consul/ca.pem",
    serverName: "server.dc1.consul",
    verify: true,
  });
  assertEquals(revealSecret(config.consul.token), "secret of CONSUL_HTTP_TOKEN");
});

test("the configuration for Nomad reads its token from the file of the workload identity", async () => {
  const [hcl] = blocks("Nomad", "hcl");
  const template = /data = <<EOT\n(.*?)^EOT$/ms.exec(hcl!)![1]!;
  // What Nomad makes of its own template, for two servers.
  const servers = ["10.0.0.1", "10.0.0.2"];
  const loop = /\[\[ range \$i, \$s := service "consul" \]\](.*)\[\[ end \]\]/s;
  const text = template.replace(
    loop,
    (_all, body: string) =>
      servers.map((address, index) =>
        body.replace(/\[\[ if \$i \]\](.*?)\[\[ end \]\]/s, index > 0 ? "$1" : "")
          .replaceAll("[[ .Address ]]", address)
      ).join(""),
  );
  assertEquals(text.includes("[["), false, text);
  const config = await parseConfig(text, { env: { NOMAD_SECRETS_DIR: "/secrets" } });
  assertEquals(config.warnings, []);
  assertEquals(watchesOf(config), WATCHES);
  assertEquals(config.consul, {
    url: "https://10.0.0.1:8501",
    addresses: ["https://10.0.0.1:8501", "https://10.0.0.2:8501"],
    tls: { caFile: "/etc/consul/ca.pem", serverName: "server.dc1.consul", verify: true },
    tokenFile: "/secrets/consul_token",
  });
});
