/** What the type checker must accept and refuse. Checked by `tsc` and `deno check`, never run. */
import process from "node:process";
import {
  type Config,
  config,
  type ConfigObject,
  createFetch,
  createPiloted,
  loadConfig,
  parseConfig,
  type Piloted,
  renderTemplate,
  type Secret,
  type ServiceNames,
} from "../../mod.ts";

/** Holds only for two types that are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
function same<A, B>(_: Same<A, B>): void {}

export async function infersNames(): Promise<void> {
  const piloted = await createPiloted({
    config: {
      consul: "consul:8500",
      watches: [{ name: "customers" }, { name: "orders", tag: "a" }],
    },
  });
  same<typeof piloted, Piloted<"customers" | "orders">>(true);
  piloted.pick("customers");
  // @ts-expect-error a misspelt name
  piloted.pick("custmers");
  // @ts-expect-error a misspelt name
  await piloted.service("custmers");
  // @ts-expect-error a misspelt name
  piloted.acquire("custmers");
  // @ts-expect-error a misspelt name
  piloted.serviceHosts("custmers");
  // @ts-expect-error a misspelt name
  piloted.watch("custmers");
  // @ts-expect-error a misspelt name
  piloted.status("custmers");
  same<typeof piloted.services, readonly ("customers" | "orders")[]>(true);

  const name: string = "orders";
  if (piloted.has(name)) piloted.pick(name);
  // A client with known names is used where any client is.
  const anyClient: Piloted = piloted;
  createFetch(piloted);
  createFetch(anyClient);
}

export async function infersNamesOfTheDefaultClient(): Promise<void> {
  const piloted = await config({ consul: "c:1", watches: [{ name: "app" }] });
  same<typeof piloted, Piloted<"app">>(true);
  const ofPath = await config("containerpilot.json5");
  same<typeof ofPath, Piloted>(true);
}

export async function infersBackends(): Promise<void> {
  const piloted = await createPiloted({
    config: { consul: "c:1", backends: [{ name: "db", poll: 5 }], watches: [{ name: "app" }] },
  });
  same<typeof piloted, Piloted<"app" | "db">>(true);
}

export async function infersOtherNames(config: Config): Promise<void> {
  const piloted = await createPiloted({
    config: {
      consul: "c:1",
      watches: [
        { name: "db", tag: "primary", as: "db-primary" },
        { name: "db", tag: "replica", as: "db-replica" },
        { name: "customers", port: "grpc", peer: "west" },
        { name: "orders", as: undefined },
      ],
    },
  });
  same<typeof piloted, Piloted<"db-primary" | "db-replica" | "customers" | "orders">>(true);
  // @ts-expect-error it is looked up by another name
  piloted.pick("db");
  const ofTemplate = await createPiloted({
    config: { consul: "c:1", watches: [{ name: "db", as: "db-{{ .ROLE }}" }] },
  });
  same<typeof ofTemplate, Piloted>(true);
  const ofSpread = await createPiloted({
    config: { ...config, watches: [{ name: "db", as: "main" }] },
  });
  same<typeof ofSpread, Piloted<"main">>(true);
  const onDemand = await createPiloted({
    mode: "on-demand",
    config: { consul: "c:1", backends: [{ name: "db", as: "main", poll: 5 }] },
  });
  same<typeof onDemand, Piloted<"main">>(true);
}

export async function knowsNoNamesOfPatterns(): Promise<void> {
  const piloted = await createPiloted({
    config: { consul: "c:1", watches: [{ name: "app" }, { pattern: "orders-*", limit: 5 }] },
  });
  same<typeof piloted, Piloted>(true);
  // @ts-expect-error a misspelt key in a pattern
  await createPiloted({ config: { consul: "c:1", watches: [{ pattern: "a*", limits: 5 }] } });
  // @ts-expect-error neither a name nor a pattern
  await createPiloted({ config: { consul: "c:1", watches: [{ tag: "a" }] } });
}

export async function infersNamesOfConstants(): Promise<void> {
  const config = { consul: "c:1", watches: [{ name: "app" }] } as const;
  same<typeof piloted, Piloted<"app">>(true);
  const piloted = await createPiloted({ config });
  same<ServiceNames<typeof config>, "app">(true);
}

export async function infersNamesOnDemand(): Promise<void> {
  const piloted = await createPiloted({
    mode: "on-demand",
    config: { consul: "c:1", watches: [{ name: "app" }] },
  });
  await piloted.service("app");
}

export async function keepsStrings(config: Config, widened: ConfigObject): Promise<void> {
  same<typeof ofPath, Piloted>(true);
  const ofPath = await createPiloted({ config: "containerpilot.json5" });
  same<typeof ofUrl, Piloted>(true);
  const ofUrl = await createPiloted({ config: new URL("file:///containerpilot.json5") });
  same<typeof ofNothing, Piloted>(true);
  const ofNothing = await createPiloted();
  same<typeof ofEnvironment, Piloted>(true);
  const ofEnvironment = await createPiloted({ env: process.env });
  same<typeof ofConfig, Piloted>(true);
  const ofConfig = await createPiloted({ config });
  same<typeof ofWidened, Piloted>(true);
  const ofWidened = await createPiloted({ config: widened });
  same<typeof ofEither, Piloted>(true);
  const ofEither = await createPiloted({ config: Math.random() > 0.5 ? "path" : config });
  const names = ["a", "b"];
  same<typeof ofMapped, Piloted>(true);
  const ofMapped = await createPiloted({
    config: { consul: "c:1", watches: names.map((name) => ({ name })) },
  });
  same<typeof ofNone, Piloted>(true);
  const ofNone = await createPiloted({ config: { consul: "c:1", watches: [] } });
  // What a template prints is not known.
  same<typeof ofTemplate, Piloted>(true);
  const ofTemplate = await createPiloted({
    config: { consul: "c:1", watches: [{ name: "app-{{ .STAGE }}" }, { name: "db" }] },
  });
  same<ServiceNames<string | URL | Config | ConfigObject | undefined>, string>(true);
}

export async function takesSpreadConfigs(config: Config): Promise<void> {
  const same1 = await createPiloted({ config: { ...config } });
  same<typeof same1, Piloted>(true);
  const watches = await createPiloted({ config: { ...config, watches: [{ name: "customers" }] } });
  same<typeof watches, Piloted<"customers">>(true);
  await createPiloted({
    config: { ...config, watches: [...config.watches, { name: "customers", interval: 5 }] },
  });
  await createPiloted({ config: { ...config, consul: { ...config.consul, token: "other" } } });
  await createPiloted({
    config: {
      ...config,
      consul: { ...config.consul, tls: { ...config.consul.tls, verify: false } },
    },
  });
  const [watch] = config.watches;
  if (watch) await createPiloted({ config: { ...config, watches: [{ ...watch, tag: "a" }] } });
  const token: Secret | undefined = config.consul.token;
  token?.reveal();
}

export async function refusesMisspeltKeys(): Promise<void> {
  // @ts-expect-error a misspelt key
  await createPiloted({ config: { consul: "c:1", watchs: [{ name: "app" }] } });
  // @ts-expect-error a misspelt key in a watch
  await createPiloted({ config: { consul: "c:1", watches: [{ name: "app", intervall: 5 }] } });
  await createPiloted({
    config: {
      consul: "c:1",
      // @ts-expect-error a misspelt key in a watch among others
      watches: [{ name: "a" }, { name: "b", ass: "c" }],
    },
  });
  // @ts-expect-error a misspelt key in a backend
  await createPiloted({ config: { consul: "c:1", backends: [{ name: "app", pool: 5 }] } });
  // @ts-expect-error a misspelt key in a watch of the default client
  await config({ consul: "c:1", watches: [{ name: "app", peeer: "west" }] });
  // @ts-expect-error a tag is a text
  await createPiloted({ config: { consul: "c:1", watches: [{ name: "app", tag: 5 }] } });
  // @ts-expect-error in code a datacenter is `datacenter`
  await createPiloted({ config: { consul: "c:1", watches: [{ name: "app", dc: "eu" }] } });
  // @ts-expect-error a misspelt key in consul
  await createPiloted({ config: { consul: { adress: "c:1" } } });
  // @ts-expect-error a misspelt key in a job
  await createPiloted({ config: { consul: "c:1", jobs: [{ name: "me", prot: 80 }] } });
  // @ts-expect-error a number is no name
  await createPiloted({ config: { consul: "c:1", watches: [{ name: 5 }] } });
  // @ts-expect-error a misspelt option
  await createPiloted({ confg: "path" });
  // @ts-expect-error a misspelt key
  const object: ConfigObject = { consul: "c:1", watchs: [] };
  // @ts-expect-error a misspelt key in a watch
  const watched: ConfigObject = { consul: "c:1", watches: [{ name: "app", intervall: 5 }] };
  await createPiloted({ config: watched });
  await createPiloted({ config: object });
}

export async function takesProcessEnv(): Promise<void> {
  const { env } = process;
  await loadConfig("path", { env, missing: "error" });
  await parseConfig("{}", { env, missing: "empty" });
  await renderTemplate("", { env, missing: "error" });
  await createPiloted({ config: "path", env, missing: "error" });
  await createPiloted({ mode: "on-demand", config: "path", env, missing: "error" });
  // @ts-expect-error a word that is not one of the two
  await loadConfig("path", { missing: "zero" });
}
