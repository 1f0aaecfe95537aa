import { assertInstanceOf } from "@std/assert";
import type { Config } from "../../src/config/config.ts";
import { parseConfig, type ParseConfigOptions } from "../../src/config/parse_config.ts";
import { PilotedError } from "../../src/errors.ts";

/** The PilotedError that a promise rejects with; anything else fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<PilotedError> {
  const caught: unknown = await promise.then(
    (value) => new Error(`It was accepted: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assertInstanceOf(caught, PilotedError, String(caught));
  return caught as PilotedError;
}

/** The error with which a text is refused. */
export function refusal(text: string, options?: ParseConfigOptions): Promise<PilotedError> {
  return rejection(parseConfig(text, options));
}

/** The configuration of a text with `consul` and the members given. */
export function parseWith(members: string, env?: Record<string, string>): Promise<Config> {
  return parseConfig(`{consul: "consul:8500", ${members}}`, { ...env && { env } });
}

/** First line of an error's message, without the lines that show the place. */
export function headline(error: Error): string {
  return error.message.split("\n")[0]!;
}
