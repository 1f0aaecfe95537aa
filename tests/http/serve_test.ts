import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../../src/runtime/listen.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";
import { logged, send, serving, startServe } from "./serve_process.ts";

async function withConfig(
  config: unknown,
  run: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "piloted-serve-"));
  try {
    const path = join(folder, "containerpilot.json5");
    await writeFile(path, JSON.stringify(config));
    await run(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function status(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

async function hosts(url: string, name: string): Promise<string[]> {
  const response = await fetch(`${url}/v1/services/${name}`);
  const { endpoints } = await response.json() as { endpoints: { host: string }[] };
  return endpoints.map(({ host }) => host).sort();
}

test("serve.ts --dev serves sample services and exits with 0 on SIGTERM", async () => {
  await serving(["--dev", "--port", "0"], {}, async (serve, url) => {
    const { services } = await (await fetch(`${url}/v1/services`)).json();
    assertEquals(
      services.map(({ service }: { service: string }) => service),
      ["customers", "orders", "search"],
    );
    const response = await fetch(`${url}/v1/services/customers/endpoint`);
    assertEquals(response.status, 200);
    assertEquals((await response.json()).service, "customers");
    for (const { service } of services) {
      const followed = await fetch(`${url}/v1/services/${service}/redirect/hello`);
      assertMatch(await followed.text(), new RegExp(`^${service}-\\d: /hello\n$`));
    }
    assertEquals(await status(`${url}/health/ready`), 200);
    send(serve, "SIGTERM");
    assertEquals(await serve.exited, { code: 0, signal: null });
  });
});

test("serve.ts reads --config, refreshes on every SIGHUP and exits with 0 on SIGINT", async () => {
  await using consul = new EmbeddedConsul();
  const agent = await consul.listen();
  consul.register({ name: "app", id: "app-1", address: "10.1.0.1", port: 80 });
  // Blocking queries get no response here: only a refresh can find the new instances.
  consul.inject((request, next, signal) =>
    new URL(request.url).searchParams.has("index")
      ? new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      })
      : next()
  );
  await withConfig(
    { consul: agent.url, watches: [{ name: "app", interval: 600 }] },
    (path) =>
      serving(["--config", path, "--port", "0"], {}, async (serve, url) => {
        assertEquals(await hosts(url, "app"), ["10.1.0.1:80"]);
        for (const number of [2, 3]) {
          consul.register({
            name: "app",
            id: `app-${number}`,
            address: `10.1.0.${number}`,
            port: 80,
          });
          send(serve, "SIGHUP");
          await logged(serve, /^Refreshed 1 of 1 services$/, number - 1);
          assertEquals((await hosts(url, "app")).length, number);
        }
        send(serve, "SIGINT");
        assertEquals(await serve.exited, { code: 0, signal: null });
      }),
  );
});

test("serve.ts starts without Consul and is not ready", async () => {
  const nothing = await listen(() => new Response());
  await nothing.close();
  await withConfig(
    { consul: nothing.url, watches: [{ name: "app", interval: 1 }] },
    (path) =>
      serving(["--port=0"], { CONTAINERPILOT: path }, async (serve, url) => {
        assertEquals(await status(`${url}/health/live`), 200);
        const ready = await fetch(`${url}/health/ready`);
        assertEquals(ready.status, 503);
        assertEquals((await ready.json()).waiting[0].service, "app");
        assertEquals(await status(`${url}/v1/services/app/endpoint`), 503);
        send(serve, "SIGTERM");
        assertEquals((await serve.exited).code, 0);
      }),
  );
});

test("serve.ts --ready-without leaves a service out of readiness, and names one that is not watched", async () => {
  const nothing = await listen(() => new Response());
  await nothing.close();
  await withConfig(
    { consul: nothing.url, watches: [{ name: "reports", interval: 1 }] },
    (path) =>
      serving(
        ["--port=0", "--ready-without=Reports", "--ready-without", "report"],
        { CONTAINERPILOT: path },
        async (serve, url) => {
          assertEquals(await status(`${url}/health/ready`), 200);
          await logged(serve, /--ready-without report has no effect.*Did you mean reports\?/);
          assertEquals(serve.stderr().includes("--ready-without Reports has"), false);
        },
      ),
  );
});

test("serve.ts logs one line per change of state, not per failed query", async () => {
  const consul = new EmbeddedConsul();
  const agent = await consul.listen();
  consul.register({ name: "app", id: "1", address: "10.1.0.1", port: 80, status: "passing" });
  try {
    await withConfig(
      { consul: agent.url, watches: [{ name: "app", interval: 1 }] },
      (path) =>
        serving(["--config", path, "--port", "0"], {}, async (serve, url) => {
          await consul.close();
          await logged(serve, /^Warning: app is stale, 1 endpoint: Cannot read/);
          const failureCount = async () => {
            const { watches } = await (await fetch(`${url}/v1/services/app`)).json();
            return watches[0].failureCount;
          };
          await waitUntil(async () => await failureCount() >= 2);
          assertEquals(serve.stderr().match(/is stale/g)?.length, 1, serve.stderr());
        }),
    );
  } finally {
    await consul.close();
  }
});

test("serve.ts exits with a readable line when its command line or configuration is invalid", async () => {
  await withConfig({ watches: [] }, async (path) => {
    const busy = await listen(() => new Response());
    const cases: [string[], number, string][] = [
      [["--nonsense"], 2, "nonsense"],
      [["--port", "70000"], 2, "received 70000"],
      [["--port", "8o"], 2, "received 8o"],
      [["--dev", "--config", path], 2, "--dev has its own"],
      [["stray"], 2, "stray"],
      [["--config", `${path}.missing`], 4, `${path}.missing`],
      [[], 4, "CONTAINERPILOT"],
      [["--config", path], 4, "consul"],
      [["--dev", "--port", String(busy.port)], 1, `127.0.0.1:${busy.port}`],
    ];
    try {
      await Promise.all(cases.map(async ([args, expected, text]) => {
        const serve = await startServe(args);
        const { code } = await serve.exited;
        const output = serve.stdout() + serve.stderr();
        assertStringIncludes(output, text);
        assertEquals([args, code], [args, expected], output);
        assertEquals(/\n\s+at /.test(output), false, `a stack trace: ${output}`);
      }));
    } finally {
      await busy.close();
    }
  });
});

test("serve.ts --help prints its options and exits with 0", async () => {
  const serve = await startServe(["--help"]);
  assertEquals((await serve.exited).code, 0);
  for (const option of ["--host", "--port", "--config", "--dev"]) {
    assertStringIncludes(serve.stdout(), option);
  }
});
