/**
 * The rows: each client with what people write by hand, and with its Piloted plug.
 *
 * @module
 */
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import axios from "axios";
import got from "got";
import process from "node:process";
import { Agent, type Dispatcher, request } from "undici";
import { createFetch } from "../../src/client/create_fetch.ts";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { registerPiloted } from "../../src/plugs/grpc/mod.ts";
import { PilotedAgent } from "../../src/plugs/http-agent/mod.ts";
import { piloted as pilotedUndici } from "../../src/plugs/undici/mod.ts";
import { SERVICES } from "./deployment.ts";
import { ECHO, RETRIES } from "./echo_call.ts";
import { PolledList } from "./polled_list.ts";
import type { Row } from "./traffic.ts";

/** One row. */
export interface Sender extends Row {
  readonly client: string;
  /** Where its addresses come from. */
  readonly addresses: string;
  /** Whether it uses Piloted. */
  readonly isPlug: boolean;
  /** Whether it sends an idempotent request again that was lost on its way. */
  readonly sendsAgain: boolean;
}

/** All rows, and how to end what they hold. */
export interface Senders {
  readonly all: readonly Sender[];
  close(): Promise<void>;
}

/** A caller gives up after it, in every row. */
const TIMEOUT_MS = 15_000;

// The signal of each request is its deadline; undici's own timers run on after the last one.
const NO_TIMERS = { connectTimeout: 0, headersTimeout: 0, bodyTimeout: 0 };

const PILOTED_URL = `http://${SERVICES.http}/`;

// Bun has an undici of its own, without dispatchers.
const HAS_UNDICI = process.versions.bun === undefined;

// Deno 2.9 ends with a failed assertion of nghttp2 when a gRPC server leaves while calls are sent.
const HAS_GRPC = process.versions.deno === undefined;

/**
 * Opens every client.
 *
 * @param consul URL of the agent.
 * @param pollMs Interval of the lists that are read by hand.
 */
export async function openSenders(consul: string, pollMs: number): Promise<Senders> {
  const polled = await PolledList.start(consul, SERVICES.http, pollMs);
  const polledGrpc = await PolledList.start(consul, SERVICES.grpc, pollMs);
  const atStart = await PolledList.start(consul, SERVICES.http, Infinity);
  // Neither the first nor the last to be replaced.
  const fixed = atStart.hosts[Math.floor(atStart.hosts.length / 2)]!;
  const piloted = await createPiloted({
    config: { consul, watches: [{ name: SERVICES.http }, { name: SERVICES.grpc }] },
    signals: false,
    env: {},
  });
  const balanced = createFetch(piloted, { timeoutMs: TIMEOUT_MS });
  const agent = new PilotedAgent(piloted);
  const dispatcher = HAS_UNDICI
    ? {
      bare: new Agent(NO_TIMERS),
      piloted: new Agent(NO_TIMERS).compose(pilotedUndici(piloted)),
    }
    : undefined;
  registerPiloted(piloted, { methodConfig: RETRIES });
  const channel = new Client(`piloted:///${SERVICES.grpc}`, credentials.createInsecure());
  const clients = new GrpcClients(polledGrpc);
  const next = {
    atStart: atStart.rotation(),
    fetch: polled.rotation(),
    axios: polled.rotation(),
    got: polled.rotation(),
    undici: polled.rotation(),
  };

  const byAxios = axios.create({ adapter: "http", proxy: false, timeout: TIMEOUT_MS });
  const byGot = got.extend({ timeout: { request: TIMEOUT_MS } });
  const every = `list read every ${pollMs / 1_000} s`;
  const byHand = { addresses: every, isPlug: false, sendsAgain: false };
  const all: Sender[] = [
    { client: "fetch", ...byHand, addresses: "one, as from DNS", send: () => bareFetch(fixed) },
    {
      client: "fetch",
      ...byHand,
      addresses: "list read at start",
      send: () => bareFetch(next.atStart()),
    },
    { client: "fetch", ...byHand, send: () => bareFetch(next.fetch()) },
    {
      client: "fetch",
      addresses: "createFetch()",
      isPlug: true,
      sendsAgain: true,
      send: () => answered(balanced(PILOTED_URL)),
    },
    {
      client: "axios",
      ...byHand,
      send: () => settled(byAxios.get(`http://${next.axios()}/`)),
    },
    {
      client: "axios",
      addresses: "./http-agent",
      isPlug: true,
      sendsAgain: false,
      send: () => settled(byAxios.get(PILOTED_URL, { httpAgent: agent })),
    },
    // got sends a GET again by itself, to the address that it was given.
    { client: "got", ...byHand, send: () => settled(byGot(`http://${next.got()}/`).text()) },
    {
      client: "got",
      addresses: "./http-agent",
      isPlug: true,
      sendsAgain: true,
      send: () => settled(byGot(PILOTED_URL, { agent: { http: agent } }).text()),
    },
    ...dispatcher === undefined ? [] : [
      {
        client: "undici",
        ...byHand,
        send: () => viaUndici(`http://${next.undici()}/`, dispatcher.bare),
      },
      {
        client: "undici",
        addresses: "./undici",
        isPlug: true,
        sendsAgain: true,
        send: () => viaUndici(PILOTED_URL, dispatcher.piloted),
      },
    ],
    ...!HAS_GRPC ? [] : [
      { client: "grpc-js", ...byHand, send: () => call(clients.next()) },
      {
        client: "grpc-js",
        addresses: "./grpc",
        isPlug: true,
        sendsAgain: true,
        send: () => call(channel),
      },
    ],
  ];
  return {
    all,
    async close() {
      for (const list of [polled, polledGrpc, atStart]) list.stop();
      channel.close();
      clients.close();
      agent.destroy();
      await dispatcher?.bare.destroy();
      await dispatcher?.piloted.destroy();
      await piloted.close();
    },
  };
}

function bareFetch(host: string): Promise<void> {
  return answered(fetch(`http://${host}/`, { signal: AbortSignal.timeout(TIMEOUT_MS) }));
}

async function answered(pending: Promise<Response>): Promise<void> {
  const response = await pending;
  await response.text();
  if (response.status !== 200) throw new Error(`Lost: ${response.status}`);
}

async function settled(pending: Promise<unknown>): Promise<void> {
  await pending;
}

async function viaUndici(url: string, dispatcher: Dispatcher): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { statusCode, body } = await request(url, { dispatcher, signal });
  await body.text();
  if (statusCode !== 200) throw new Error(`Lost: ${statusCode}`);
}

function call(client: Client): Promise<void> {
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      ECHO.path,
      ECHO.requestSerialize,
      ECHO.responseDeserialize,
      "hello",
      { deadline: Date.now() + TIMEOUT_MS },
      (error: ServiceError | null) => error === null ? resolve() : reject(error),
    )
  );
}

/** One client for each listed address. */
class GrpcClients {
  readonly #list: PolledList;
  readonly #nextHost: () => string;
  readonly #clients = new Map<string, Client>();

  constructor(list: PolledList) {
    this.#list = list;
    this.#nextHost = list.rotation();
  }

  next(): Client {
    for (const [host, client] of this.#clients) {
      if (this.#list.hosts.includes(host)) continue;
      this.#clients.delete(host);
      client.close();
    }
    const host = this.#nextHost();
    let client = this.#clients.get(host);
    if (client === undefined) {
      const config = JSON.stringify({ methodConfig: RETRIES });
      client = new Client(host, credentials.createInsecure(), { "grpc.service_config": config });
      this.#clients.set(host, client);
    }
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
