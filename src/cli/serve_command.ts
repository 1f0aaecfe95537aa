/**
 * What `serve.ts` does.
 *
 * @module
 */
import { createPiloted, type CreatePilotedOptions } from "../client/create_piloted.ts";
import { sleep, systemClock } from "../clock.ts";
import type { Piloted } from "../client/piloted.ts";
import { formatHost } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { service } from "../http/mod.ts";
import { listen, type Listener } from "../runtime/listen.ts";
import { onSignal } from "../runtime/signals.ts";
import { parseServeArgs, SERVE_HELP, type ServeOptions, UsageError } from "./serve_options.ts";
import { readToken } from "./serve_token.ts";

/**
 * Serves lookups over HTTP until SIGINT or SIGTERM. Where it listens goes to the standard output,
 * what happens to the lists goes to the standard error.
 *
 * @param args Arguments without program and script.
 * @returns Exit code: 0 after a stop that was asked for, 1 when it can't serve, 2 when the command
 * line is wrong.
 */
export async function serveCommand(args: readonly string[]): Promise<number> {
  try {
    const options = parseServeArgs(args);
    if (options === "help") console.log(SERVE_HELP);
    else if (options.dev) await serveSample(options);
    else await serve(options, { config: options.config });
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\nTry --help`);
      return 2;
    }
    if (!(error instanceof PilotedError) && !(error instanceof ListenError)) throw error;
    console.error(error.message);
    return 1;
  }
}

const LAST_WORDS_MS = 50;

/** The address can't be taken. */
class ListenError extends Error {}

async function serveSample(options: ServeOptions): Promise<void> {
  // Loaded only here: nobody else pays for the embedded Consul.
  const { startSampleConsul } = await import("../testing/sample_consul.ts");
  const sample = await startSampleConsul();
  try {
    console.log(`Embedded Consul with ${sample.services.join(", ")} at ${sample.url}`);
    const watches = sample.services.map((name) => ({ name, interval: 10 }));
    await serve(options, { config: { consul: sample.url, watches } });
  } finally {
    await sample.close();
  }
}

async function serve(options: ServeOptions, source: CreatePilotedOptions): Promise<void> {
  const token = await readToken(options.tokenFile);
  // A Consul that is down at the start is no reason to end: readiness tells, and lookups say why.
  const piloted = await createPiloted({ ...source, onStartFailure: "background" });
  try {
    tell(piloted);
    if (token === undefined && !isLoopback(options.host)) {
      console.error(
        `Warning: whoever reaches ${options.host} may ask: there is no $PILOTED_TOKEN or --token-file`,
      );
    }
    const stopping = new AbortController();
    const listener = await open(options, piloted, token, stopping.signal);
    const stopped = stopSignal();
    console.log(`Listening on ${listener.url}`);
    console.error(`Stopping: ${await stopped}`);
    stopping.abort();
    // Bun would close before the last words to streams and long polls are on their way.
    await sleep(systemClock, LAST_WORDS_MS);
    await listener.close();
  } finally {
    await piloted.close();
  }
}

function tell(piloted: Piloted): void {
  for (const { message, path, line } of piloted.config.warnings) {
    console.error(`Warning: ${message}${path ? ` (${path}${line ? `:${line}` : ""})` : ""}`);
  }
  const state = (service: string, state: string, reason: string | undefined) =>
    console.error(`${service}: ${state}${reason ? `, ${reason}` : ""}`);
  for (const status of piloted.status().services) {
    if (status.state !== "live") state(status.service, status.state, status.reason);
  }
  piloted.on("status", (status) => state(status.service, status.state, status.reason));
  piloted.on("refresh", ({ services, failed }) => {
    const answered = services.length - failed.length;
    console.error(`Refreshed: ${answered} of ${services.length} services answered`);
  });
}

async function open(
  { host, port, cors, graceMs, accessLog }: ServeOptions,
  piloted: Piloted,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Listener> {
  const app = service(piloted, {
    token,
    cors,
    signal,
    accessLog: accessLog ? (entry) => console.error(JSON.stringify(entry)) : undefined,
  });
  try {
    return await listen(app.fetch, { hostname: host, port, graceMs });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ListenError(`Cannot listen on ${formatHost(host, port)}: ${why}`, { cause });
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

// The first signal only: a second one ends the process as if nobody listened.
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const removals = (["SIGINT", "SIGTERM"] as const).map((name) =>
      onSignal(name, () => {
        for (const remove of removals) remove();
        resolve(name);
      })
    );
  });
}
