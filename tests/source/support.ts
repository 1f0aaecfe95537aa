/** Answers of Consul as a test wants them. */
import { assert, assertInstanceOf } from "@std/assert";
import type { Endpoint } from "../../src/endpoint.ts";
import { PilotedError } from "../../src/errors.ts";
import { ConsulSource, type ConsulSourceOptions } from "../../src/source/consul.ts";
import { decodeHealth } from "../../src/source/consul_decode.ts";

/** What a test changes of an entry. */
export interface Facts {
  node?: Record<string, unknown>;
  service?: Record<string, unknown>;
  checks?: unknown;
}

/** One entry of `/v1/health/service/app`, as Consul 1.8 gives it, with other facts laid over it. */
export function entry({ node, service, checks = [] }: Facts = {}): Record<string, unknown> {
  return {
    Node: { ID: "", Node: "node-1", Address: "10.1.0.1", Datacenter: "dc1", Meta: null, ...node },
    Service: {
      ID: "app-1",
      Service: "app",
      Tags: [],
      Address: "10.0.0.1",
      Meta: null,
      Port: 8080,
      Weights: { Passing: 1, Warning: 1 },
      ...service,
    },
    Checks: checks,
  };
}

/** One check in that state. */
export function check(Status: unknown, CheckID = "service:app-1"): Record<string, unknown> {
  return { Node: "node-1", CheckID, Name: "check", Status, Output: "" };
}

/** The endpoint of a single entry; fails when it was left out. */
export function endpointOf(facts: Facts): Endpoint {
  const { endpoints, skipped } = decodeHealth([entry(facts)], { service: "app" });
  assert(endpoints[0] !== undefined, skipped[0]?.message);
  return endpoints[0];
}

/** A source whose every question is answered by `answer`, and what it asked with. */
export function scripted(
  answer: (url: string, init: RequestInit) => Response | Promise<Response>,
  options: Partial<ConsulSourceOptions> = {},
): { source: ConsulSource; asked: { url: string; init: RequestInit }[] } {
  const asked: { url: string; init: RequestInit }[] = [];
  const source = new ConsulSource({
    url: "http://127.0.0.1:8500",
    fetch: async (input, init = {}) => {
      asked.push({ url: String(input), init });
      return await answer(String(input), init);
    },
    ...options,
  });
  return { source, asked };
}

/** What a question failed with; fails when it did not, or not with a typed error. */
export async function failureOf(question: Promise<unknown>): Promise<PilotedError> {
  const error = await question.then(() => undefined, (cause) => cause);
  assertInstanceOf(error, PilotedError);
  return error as PilotedError;
}
