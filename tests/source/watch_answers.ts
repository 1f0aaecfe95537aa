/** Lets a watcher live through a row of answers, and looks at everything that it makes of them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Endpoint, endpointIdentity, formatHost } from "../../src/endpoint.ts";
import { PilotedError } from "../../src/errors.ts";
import { LiveWatch } from "../../src/watch/live_watch.ts";
import { ConsulSource } from "../../src/source/consul.ts";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { sessionFor } from "../support/watching.ts";
import { type Answer, respond } from "./odd_answers.ts";
import { entry } from "./support.ts";

/** How many answers there were of each kind. */
export interface Tally {
  taken: number;
  refused: number;
}

const CODES = /^(ENDPOINT_INVALID|REGISTRY_(UNREACHABLE|DENIED|RESPONSE))$/;

/**
 * Gives the answers one after the other to a watcher of `app`.
 *
 * Fails when it ends, when it reports anything but a typed error, when it hands out what no answer
 * has listed or what is not fit to be one, when it changes its list after an answer that can't be
 * taken, and when good answers after all that do not make it live again.
 */
export async function watchAnswers(answers: readonly Answer[]): Promise<Tally> {
  const tally: Tally = { taken: 0, refused: 0 };
  const clock = new ManualClock();
  const asked = new Set<(answer: Answer) => void>();
  const source = new ConsulSource({
    url: "http://consul",
    token: "s3cr3t-t0ken",
    fetch: (_input, init) =>
      new Promise<Response>((resolve, reject) => {
        const reply = (answer: Answer) => resolve(respond(answer));
        asked.add(reply);
        init?.signal?.addEventListener("abort", () => {
          asked.delete(reply);
          reject(init.signal!.reason);
        });
      }),
  });
  const { session, options } = sessionFor(clock, source);
  const watcher = new LiveWatch({ service: "app" }, 10_000, session, options, {
    changed: ({ endpoints }) => endpoints.forEach(checkEndpoint),
    stateChanged: () => {},
    accepted: () => {},
    failed: checkError,
  });
  const listed = new Set<string>();

  async function give(answer: Answer): Promise<void> {
    // However long it backs off, it asks again: 5 minutes are its longest patience.
    for (let waited = 0; asked.size === 0; waited += 1_000) {
      assert(waited <= 400_000, `the watch has ended: ${JSON.stringify(watcher.status())}`);
      await clock.advance(1_000);
    }
    const facts = entriesOf(answer);
    facts?.forEach((fact) => listed.add(fact));
    const before = watcher.endpoints;
    const [reply] = asked;
    asked.delete(reply!);
    reply!(answer);
    await clock.advance(0);
    if (facts === undefined) {
      tally.refused++;
      assert(watcher.endpoints === before, "the list changed after an answer that can't be taken");
    } else {
      tally.taken++;
    }
    for (const endpoint of watcher.endpoints) assert(listed.has(factOf(endpoint)), "made up");
    const identities = watcher.endpoints.map(endpointIdentity);
    assert(new Set(identities).size === identities.length, "an instance is listed twice");
  }

  watcher.start();
  try {
    await clock.advance(0);
    for (const answer of answers) await give(answer);
    for (let i = 0; i < 6; i++) await give(good);
    assertEquals(watcher.status().state, "live");
    assertEquals(watcher.endpoints.map(({ host }) => host), ["10.0.0.1:8080"]);
  } finally {
    await watcher.stop();
    await session.close();
  }
  assertEquals(clock.pending, 0);
  return tally;
}

const good: Answer = {
  way: "whole",
  status: 200,
  headers: { "X-Consul-Index": "7" },
  body: new TextEncoder().encode(JSON.stringify([entry()])),
};

function checkEndpoint(endpoint: Endpoint): void {
  const { address, port, host, status, weight } = endpoint;
  assertEquals(endpoint.service, "app");
  assert(Number.isInteger(port) && port >= 1 && port <= 65_535);
  assertMatch(address, /^[^\s/?#@\\[\]]+$/);
  assertEquals(host, formatHost(address, port));
  assertMatch(status, /^(passing|warning)$/);
  assert(weight >= 0 && weight <= 65_535);
  assert(Object.isFrozen(endpoint) && Object.isFrozen(endpoint.tags));
  assertEquals(new URL(`http://${host.replace(/%.*\]/, "]")}/x`).pathname, "/x");
}

function checkError(error: PilotedError): void {
  assert(error instanceof PilotedError);
  assertMatch(error.code, CODES);
  assert(error.message.length < 1_000, error.message);
}

/** What may be made of an answer, by the plainest of rules; nothing of one that can't be taken. */
function entriesOf({ way, status, body }: Answer): string[] | undefined {
  if (way !== "whole" || status !== 200) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((entry) => {
    const { Node, Service } = Object(entry);
    const { ID, Service: name, Port, Address } = Object(Service);
    if (String(name).toLowerCase() !== "app") return [];
    const id = typeof ID === "string" && ID !== "" ? ID : name;
    const node = typeof Object(Node).Node === "string" ? Node.Node : "";
    return [JSON.stringify([node, id, Address || Object(Node).Address, Port])];
  });
}

function factOf({ node, id, address, port }: Endpoint): string {
  return JSON.stringify([node, id, address, port]);
}
