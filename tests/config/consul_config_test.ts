import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ConsulConfig } from "../../src/config/config.ts";
import { parseConsulAddress } from "../../src/config/consul_address.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { revealSecret } from "../../src/secret.ts";
import { test } from "../support/test.ts";
import { headline, refusal } from "./support.ts";

async function consul(text: string, env: Record<string, string> = {}): Promise<ConsulConfig> {
  return (await parseConfig(`{consul: ${text}}`, { env })).consul;
}

async function warnings(text: string): Promise<string[]> {
  return (await parseConfig(`{consul: ${text}}`)).warnings.map(({ message }) => message);
}

test("parseConfig() takes every form of address", async () => {
  const addresses: [string, string][] = [
    ['"consul:8500"', "http://consul:8500"],
    ['"http://consul:8500"', "http://consul:8500"],
    ['"https://consul:8501"', "https://consul:8501"],
    ['"10.0.0.1:8500"', "http://10.0.0.1:8500"],
    ['"[::1]:8500"', "http://[::1]:8500"],
    ['"my_consul.svc:8500/"', "http://my_consul.svc:8500"],
    ['"consul:8500/behind/a/prefix/"', "http://consul:8500/behind/a/prefix"],
    ['"consul"', "http://consul"],
    ['"tcp://10.96.0.12:8500"', "http://10.96.0.12:8500"],
    ['"unix:///run/consul/http.sock"', "unix:///run/consul/http.sock"],
    ['{address: "unix:///run/consul.sock", scheme: "https"}', "unix:///run/consul.sock"],
    ['":8500"', "http://127.0.0.1:8500"],
    ['""', "http://127.0.0.1:8500"],
    ['"http://"', "http://127.0.0.1:8500"],
    ['"https://"', "https://127.0.0.1:8500"],
    ["{}", "http://127.0.0.1:8500"],
    ['{address: "consul:8500"}', "http://consul:8500"],
    ['{Address: "consul:8500", SCHEME: "https"}', "https://consul:8500"],
    ['{address: "https://consul:8500"}', "https://consul:8500"],
    ['{address: "http://consul:8500", scheme: "https"}', "http://consul:8500"],
    ["{address: null, tls: null}", "http://127.0.0.1:8500"],
  ];
  for (const [text, url] of addresses) assertEquals((await consul(text)).url, url, text);
});

test("parseConfig() refuses an address that is none, and shows it", async () => {
  const refused: [string, RegExp][] = [
    ["con sul:8500", /must be a host and a port such as "consul:8500", received "con sul:8500"$/],
    ["consul:99999", /must be a host and a port/],
    ["consul:0", /must have a port from 1 to 65535/],
    ["::1", /must have an IPv6 address in brackets, such as "\[::1\]:8500", received "::1"$/],
    ["unix://consul.sock", /must be the absolute path of a socket, such as/],
    [
      "consul:8500:8500",
      /must have one port: this has a second one, ":8500", probably because a var/,
    ],
    ["10.0.0.1:8500:8500", /must have one port/],
    ["db:8500:8500", /must have one port: this has a second one, ":8500"/],
    ["a:8500:8500:8500", /must have one port: this has a second one, ":8500:8500"/],
    ["::1:8500", /must have an IPv6 address in brackets/],
    ["2001:db8::1:8500", /must have an IPv6 address in brackets/],
    ["1:2:3:4:5:6:7:8", /must have an IPv6 address in brackets/],
    ["a:8500;b:8500", /must be one address, or several with commas between them/],
    ["a:8500 b:8500", /must be one address, or several with commas between them/],
    ["ftp://consul:8500", /must start with "http:\/\/", "https:\/\/", "unix:\/\/" or the host/],
    ["HTTP://consul:8500", /must start with/],
    ["consul\\\\:8500", /without a user name/],
  ];
  for (const [address, message] of refused) {
    const error = await refusal(`{consul: "${address}"}`);
    assertEquals(error.code, "CONFIG_INVALID");
    assertMatch(headline(error), message);
  }
});

test("parseConfig() refuses credentials and queries in an address, and repeats none", async () => {
  for (const address of ["me:hunter2@consul:8500", "https://hunter2@consul", "consul?t=hunter2"]) {
    const error = await refusal(`{consul: {\n address:\n"${address}"}}`);
    assertMatch(headline(error), /without a user name, password or query: .*CONSUL_HTTP_TOKEN$/);
    assert(!headline(error).includes("hunter2"));
  }
});

test("parseConsulAddress() takes a name beyond ASCII, however often it is called", () => {
  const entry = { value: "", path: ["consul"] };
  for (let call = 0; call < 20_000; call++) {
    const { url } = parseConsulAddress("b\u00fccher:8500", "http", entry);
    if (url !== "http://xn--bcher-kva:8500") throw new Error(`Call ${call} gave ${url}`);
  }
});

test("parseConfig() warns of an address without a host or a port", async () => {
  assertEquals(await warnings('"consul:8500"'), []);
  assertEquals(await warnings('"[::1]:8500"'), []);
  assertEquals(await warnings('"consul"'), ["consul names no port: 80 is used, Consul's is 8500"]);
  assertEquals(await warnings('{address: "https://[::1]/p"}'), [
    "consul.address names no port: 443 is used, Consul's is 8500",
  ]);
  assertEquals(await warnings('":8500"'), ["consul names no host: 127.0.0.1 is used"]);
});

test("parseConfig() refuses a consul that is neither string nor object", async () => {
  for (const value of ["5", "true", "[]", '["consul:8500"]']) {
    assertMatch(
      headline(await refusal(`{consul: ${value}}`, { env: { CONSUL_HTTP_ADDR: "consul:8500" } })),
      /^Cannot use the configuration in 1:10: consul must be a string or an object, received /,
    );
  }
});

test("parseConfig() refuses unknown keys and wrong values inside of consul", async () => {
  const refused: [string, string][] = [
    [
      "{adress: 1}",
      '1:11: consul.adress is not known here, did you mean "address" ' +
      "(the keys are address, addresses, scheme, token, tokenFile, login, httpAuth, namespace, " +
      "partition and tls)",
    ],
    ['{scheme: "ftp"}', '1:19: consul.scheme must be "http" or "https", received "ftp"'],
    ["{token: {}}", "1:18: consul.token must be a string, received an object"],
    ["{tls: true}", "1:16: consul.tls must be an object, received true"],
    ["{tls: []}", "1:16: consul.tls must be an object, received an empty list"],
    ['{tls: {verify: "no"}}', '1:25: consul.tls.verify must be true or false, received "no"'],
  ];
  for (const [text, message] of refused) {
    assertEquals(
      headline(await refusal(`{consul: ${text}}`)),
      `Cannot use the configuration in ${message}`,
    );
  }
});

test("parseConfig() finds Consul in the environment when the file tells nothing", async () => {
  const found: [Record<string, string>, string][] = [
    [{ CONSUL_HTTP_ADDR: "a:1" }, "http://a:1"],
    [{ CONSUL_HTTP_ADDR: "https://a:1" }, "https://a:1"],
    [{ CONSUL_HTTP_ADDR: "a:1", CONSUL_HTTP_SSL: "true" }, "https://a:1"],
    [{ CONSUL_HTTP_ADDR: "a:1", CONSUL_HTTP_SSL: "0" }, "http://a:1"],
    [{ CONSUL_HTTP_ADDR: "a:1", CONSUL_HOST: "b" }, "http://a:1"],
    [{ CONSUL_HOST: "b" }, "http://b:8500"],
    [{ CONSUL_HOST: "b", CONSUL_PORT: "85" }, "http://b:85"],
    [{ CONSUL_HTTP_ADDR: "", CONSUL_HOST: "b", CONSUL_PORT: "" }, "http://b:8500"],
  ];
  for (const [env, url] of found) {
    for (const text of ["{}", "null", "{consul: null}", "{consul: ''}", "{consul: {}}"]) {
      // A bare string says http, so that CONSUL_HTTP_SSL is not asked.
      if (text.includes("''") && env.CONSUL_HTTP_SSL === "true") continue;
      assertEquals((await parseConfig(text, { env })).consul.url, url, text);
    }
  }
});

test("parseConfig() lets the file's address win over the environment's", async () => {
  const env = { CONSUL_HTTP_ADDR: "a:1", CONSUL_HOST: "b", CONSUL_HTTP_SSL: "true" };
  assertEquals((await consul('"c:2"', env)).url, "http://c:2");
  assertEquals((await consul('{address: "c:2"}', env)).url, "https://c:2");
  assertEquals((await consul('{address: "c:2", scheme: "http"}', env)).url, "http://c:2");
});

test("parseConfig() says what to do when nothing tells where Consul is", async () => {
  for (const env of [{}, { CONSUL_HTTP_ADDR: "" }, { CONSUL_PORT: "8500" }]) {
    const error = await refusal("{watches: []}", { env });
    assertEquals(error.code, "CONFIG_INVALID");
    assertMatch(
      headline(error),
      /consul is missing: .* unless CONSUL_HTTP_ADDR or CONSUL_HOST is set$/,
    );
  }
});

test("parseConfig() names the environment variable that is wrong, and no place in the file", async () => {
  const error = await refusal("{}", { env: { CONSUL_HTTP_ADDR: "ftp://consul" } });
  assertMatch(error.message, /^Cannot use the configuration: \$CONSUL_HTTP_ADDR must start with/);
  assertEquals(error.line, undefined);
});

test("parseConfig() lets the environment win for the token, and keeps it out of sight", async () => {
  const env = { CONSUL_HTTP_TOKEN: "from-env" };
  assertEquals((await consul('{token: "from-file"}')).token?.reveal(), "from-file");
  assertEquals((await consul('{token: "from-file"}', env)).token?.reveal(), "from-env");
  assertEquals(
    (await consul('{token: "from-file"}', { CONSUL_HTTP_TOKEN: "" })).token?.reveal(),
    "from-file",
  );
  const config = await parseConfig("{consul: 'consul:8500'}", { env });
  assertEquals(config.consul.token?.reveal(), "from-env");
  assert(!JSON.stringify(config).includes("from-env"));
  assertEquals((await consul('"consul:8500"')).token, undefined);
});

test("parseConfig() reads TLS settings, and verifies unless it is told not to", async () => {
  const all = `{tls: {cafile: "a", capath: "b", ClientCert: "c", clientkey: "d", servername: "e"}}`;
  const tls = { caFile: "a", caPath: "b", certFile: "c", keyFile: "d", serverName: "e" };
  const read = (await consul(all)).tls;
  assertEquals({ ...read, keyFile: revealSecret(read?.keyFile) }, { ...tls, verify: true });
  assertEquals((await consul('"https://consul:8501"')).tls, undefined);
  assertEquals((await consul("{tls: {}}")).tls, undefined);
  assertEquals((await consul('{tls: {cafile: "", verify: ""}}')).tls, undefined);
  assertEquals((await consul("{tls: {verify: false}}")).tls, { verify: false });
  assertEquals((await consul('{tls: {VERIFY: "1"}}')).tls, { verify: true });
});

test("parseConfig() lets the environment win for TLS settings", async () => {
  const env = {
    CONSUL_CACERT: "A",
    CONSUL_CAPATH: "B",
    CONSUL_CLIENT_CERT: "C",
    CONSUL_CLIENT_KEY: "D",
    CONSUL_TLS_SERVER_NAME: "E",
    CONSUL_HTTP_SSL_VERIFY: "False",
  };
  const expected = {
    caFile: "A",
    caPath: "B",
    certFile: "C",
    keyFile: "D",
    serverName: "E",
    verify: false,
  };
  const file = '{tls: {cafile: "a", clientkey: "d", verify: true}}';
  for (const text of ['"consul:8500"', file]) {
    const { tls } = await consul(text, env);
    assertEquals({ ...tls, keyFile: revealSecret(tls?.keyFile) }, expected);
  }
  const odd = { CONSUL_HTTP_SSL_VERIFY: "no" };
  assertEquals((await consul('"consul:8500"', odd)).tls, undefined);
  assertEquals((await consul("{tls: {verify: false}}", odd)).tls, { verify: false });
});
