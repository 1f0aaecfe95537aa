/** Nothing that a program may print of a client shows the token. */
import { assert } from "@std/assert";
import { inspect } from "node:util";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { test } from "../support/test.ts";

const TOKEN = "s3cr3t-t0ken";

interface Inspectors {
  Deno?: { inspect(value: unknown, options: object): string };
  Bun?: { inspect(value: unknown, options: object): string };
}

/** Everything that the runtime's own functions show of a value. */
function shown(value: unknown): string {
  const { Deno, Bun } = globalThis as Inspectors;
  const clone = () => inspect(structuredClone(value), { showHidden: true, depth: null });
  const ways = [
    () => inspect(value, { showHidden: true, depth: null }),
    () => JSON.stringify(value),
    () => String(value),
    () => Deno?.inspect(value, { depth: 100, showHidden: true }),
    () => Bun?.inspect(value, { depth: 100 }),
    clone,
  ];
  return ways.map((way) => {
    try {
      return way();
    } catch (error) {
      return String(error);
    }
  }).join("\n");
}

test("createPiloted(): neither client, configuration, status, events nor errors show the token", async () => {
  const errors: unknown[] = [];
  const piloted = await createPiloted({
    config: {
      consul: { address: "http://user:s3cr3t-t0ken@127.0.0.1:1", token: TOKEN },
      watches: [{ name: "app" }],
    },
    onStartFailure: "background",
    signals: false,
  }).catch((error) => {
    // An address with a password is refused, and the error does not show it either.
    errors.push(error);
    return createPiloted({
      config: { consul: { address: "127.0.0.1:1", token: TOKEN }, watches: [{ name: "app" }] },
      onStartFailure: "background",
      signals: false,
    });
  });
  assert(piloted.config.consul.token?.reveal() === TOKEN);
  piloted.on("error", (error) => errors.push(error));
  await piloted.refresh();
  try {
    piloted.pick("app");
  } catch (error) {
    errors.push(error);
  }
  assert(errors.length >= 2);
  for (const value of [piloted, piloted.config, piloted.status(), ...errors]) {
    const text = shown(value);
    const at = text.indexOf(TOKEN);
    assert(at < 0, `shown in ${text.slice(Math.max(0, at - 80), at)}`);
  }
  await piloted.close();
});
