/**
 * The lookup service as a Cloudflare Worker: no loop, no timer, no signal. Lists are asked for when
 * somebody looks up, kept for a few seconds, and given while a new one is on its way.
 *
 * `CONSUL_HTTP_ADDR`, `SERVICES` (names with commas between) and, where wanted, `PILOTED_TOKEN` are
 * variables of the Worker.
 */
import { createPiloted } from "@piloted/core";
import { service } from "@piloted/core/hono";

interface Env {
  readonly CONSUL_HTTP_ADDR: string;
  readonly SERVICES: string;
  readonly PILOTED_TOKEN?: string;
}

interface Context {
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: unknown;
}

type App = ReturnType<typeof service>;
let app: Promise<App> | undefined;

async function start(env: Env): Promise<App> {
  const piloted = await createPiloted({
    mode: "on-demand",
    config: {
      consul: env.CONSUL_HTTP_ADDR,
      watches: env.SERVICES.split(",").map((name) => ({ name, interval: 5 })),
    },
  });
  return service(piloted, { token: env.PILOTED_TOKEN });
}

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    // One client for as long as this isolate lives: its cache is shared by all requests.
    return await (await (app ??= start(env))).fetch(request, env, context);
  },
};
