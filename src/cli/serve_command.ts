/**
 * The commands `serve.ts` and `piloted serve`.
 *
 * @module
 */
import { createPiloted, type CreatePilotedOptions } from "../client/create_piloted.ts";
import { closest } from "../check_options.ts";
import type { Logger } from "../client/log_events.ts";
import { systemClock } from "../clock.ts";
import { formatHost } from "../endpoint.ts";
import { isPilotedError } from "../any_piloted_error.ts";
import { loadAllModules } from "../http/lazy_modules.ts";
import type { Piloted } from "../client/piloted.ts";
import type { Registration } from "../registration/registration.ts";
import type { LookupClient } from "../http/lookup_client.ts";
import { type AccessLogEntry, service } from "../http/mod.ts";
import { listenOnSocket, SocketError } from "../runtime/control_socket.ts";
import { listen, type Listener } from "../runtime/listen.ts";
import { connectionBudget } from "../runtime/open_file_limit.ts";
import { onSignal } from "../runtime/signals.ts";
import { sleep } from "../wait.ts";
import {
  chooseColors,
  createServeLog,
  logRefreshes,
  refusedEntry,
  requestErrorText,
  shedLog,
} from "./serve_log.ts";
import { EXIT, exitCodeOf } from "./exit_codes.ts";
import { parseServeArgs, SERVE_HELP, type ServeOptions } from "./serve_options.ts";
import { openToken, type ServeToken } from "./serve_token.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Serves lookups over HTTP until SIGINT or SIGTERM. Its address goes to standard output, the log to
 * standard error.
 *
 * @param args Arguments without program and script.
 * @param program How the command is called, for its help. @default {"serve.ts"}
 * @returns Exit code: 0 after SIGINT or SIGTERM, else one of the table of exit codes.
 */
export async function serveCommand(
  args: readonly string[],
  program = "serve.ts",
): Promise<number> {
  chooseColors();
  try {
    const options = parseServeArgs(args);
    if (options === "help") console.log(SERVE_HELP.replace("serve.ts", program));
    else if (options.dev) await serveSample(options);
    else await serve(options, { config: options.config });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\nSee --help`);
      return EXIT.usage;
    }
    if (!isPilotedError(error) && !(error instanceof ListenError)) throw error;
    console.error(error.message);
    return exitCodeOf(error) ?? EXIT.failed;
  }
}

const CLOSING_MS = 50;
// A Consul that is well responds within this time, and then every lookup is answered from the start.
const START_TIMEOUT_MS = 500;

/** The server cannot listen on its address. */
class ListenError extends Error {}

async function serveSample(options: ServeOptions): Promise<void> {
  // Loaded only with --dev, which is not for production.
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
  const log = createServeLog();
  const token = await openToken(options.tokenFile, log);
  const removeReload = onSignal("SIGHUP", () => void token?.reload());
  try {
    await loadAllModules();
    await servePiloted(options, source, token, log);
  } finally {
    removeReload();
    token?.close();
  }
}

async function servePiloted(
  options: ServeOptions,
  source: CreatePilotedOptions,
  token: ServeToken | undefined,
  log: Logger,
): Promise<void> {
  // Without Consul at start it serves anyway: readiness responds 503, and lookups say why.
  const piloted = await createPiloted({
    ...source,
    logger: log,
    onStartFailure: "background",
    startTimeoutMs: START_TIMEOUT_MS,
    // An object given in code has no file.
    reload: source.config === undefined || typeof source.config === "string",
  });
  try {
    if (options.socket && piloted.status().registry === `unix://${options.socket}`) {
      throw new ListenError(
        `Cannot listen on ${options.socket}: it is the upstream of this process itself; start it ` +
          "without $PILOTED_UPSTREAM",
      );
    }
    logRefreshes(piloted, log);
    if (token === undefined && options.socket === undefined && !isLoopback(options.host)) {
      log.warn(
        `listening on ${options.host} without authentication. ` +
          "Set $PILOTED_TOKEN or pass --token-file",
      );
    }
    warnOfUnwatched(options.readyWithout, piloted.services, log);
    const stopping = new AbortController();
    const listener = await open(options, piloted, token, stopping.signal, log);
    const stopped = stopSignal();
    console.log(`Listening on ${listener.url}`);
    const registration = await register(options, piloted, listener);
    log.info(`Shutting down: received ${await stopped}`);
    // Gone from Consul, and known to be, before the port closes.
    await registration?.close();
    stopping.abort();
    // Bun closes connections at once; this lets the last events and long polls be sent first.
    await sleep(systemClock, CLOSING_MS);
    await listener.close();
  } finally {
    await piloted.close();
  }
}

async function register(
  { register: name, host }: ServeOptions,
  piloted: Piloted,
  { port }: Listener,
): Promise<Registration | undefined> {
  if (name === undefined) return undefined;
  // An address of all interfaces is none that others can connect to.
  const isEverywhere = host === "0.0.0.0" || host === "::";
  return await piloted.register({
    name,
    port,
    ...isEverywhere ? {} : { address: host },
    tags: ["piloted"],
    check: { ttlMs: 15_000, intervalMs: 5_000 },
  });
}

async function open(
  options: ServeOptions,
  piloted: LookupClient,
  token: ServeToken | undefined,
  signal: AbortSignal,
  log: Logger,
): Promise<Listener> {
  const { host, port, socket, cors, allowedHosts, graceMs, readyWithout } = options;
  const accessLog = options.accessLog
    ? (entry: AccessLogEntry) => console.error(JSON.stringify(entry))
    : undefined;
  const app = service(piloted, {
    token: token === undefined ? undefined : () => token.current(),
    cors,
    allowedHosts,
    signal,
    readyWithout,
    accessLog,
    onError: (error, request) => log.error(requestErrorText(error, request)),
  });
  if (socket !== undefined) {
    try {
      return await listenOnSocket(socket, app.fetch, graceMs);
    } catch (cause) {
      if (!(cause instanceof SocketError)) throw cause;
      throw new ListenError(cause.message, { cause });
    }
  }
  try {
    return await listen(app.fetch, {
      hostname: host,
      port,
      graceMs,
      maxConnections: options.maxConnections ?? await connectionBudget(),
      onShed: shedLog(log),
      onRefused: (request) => accessLog?.(refusedEntry(request)),
      onError: (error) => log.error(`Cannot respond: ${String(error)}`),
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ListenError(`Cannot listen on ${formatHost(host, port)}: ${why}`, { cause });
  }
}

// A wrong name would only show when the service that was meant keeps readiness at 503.
function warnOfUnwatched(
  names: readonly string[],
  services: readonly string[],
  log: Logger,
): void {
  const watched = services.map((name) => name.toLowerCase());
  for (const name of names) {
    if (watched.includes(name.toLowerCase())) continue;
    const best = closest(name, services);
    const hint = best === undefined ? "" : `. Did you mean ${best}?`;
    log.warn(`--ready-without ${name} has no effect: no such service is watched${hint}`);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

// Only the first signal shuts down gracefully; the second one ends the process at once.
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
