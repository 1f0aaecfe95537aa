/** Answers as no registry should give them, made of good ones. */
import fc from "fast-check";
import { check, entry } from "./support.ts";

/** One answer, or none. */
export interface Answer {
  /** `fail`: no answer at all; `cut`: the body breaks off; `whole`: all of it arrives. */
  readonly way: "whole" | "cut" | "fail";
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    0.5,
    80,
    65_536,
    2 ** 53,
    1.7976931348623157e308,
    "",
    "\0",
    "..",
    "a/b",
    "10.0.0.66:1",
    "::1",
    "critical",
    "\ud800",
    "x".repeat(5_000),
    [],
    [[]],
    {},
    { a: { b: {} } },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const goodEntry = fc.record({
  id: fc.constantFrom("a", "b", "c", "d", "e", "f"),
  node: fc.constantFrom("node-1", "node-2"),
  port: fc.integer({ min: 1, max: 65_535 }),
  address: fc.constantFrom("", "10.0.0.1", "10.0.0.2", "2001:db8::1", "host.example"),
  status: fc.constantFrom("passing", "warning", "critical"),
  tags: fc.subarray(["x", "y"]),
}).map(({ id, node, port, address, status, tags }) =>
  entry({
    node: { Node: node },
    service: { ID: id, Port: port, Address: address, Tags: tags },
    checks: [check(status, `service:${id}`)],
  })
);

type Json = Record<string, unknown> | unknown[];

/** Every place in a JSON value that something stands at. */
function places(value: unknown, found: [Json, string][] = []): [Json, string][] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Json, key]);
    places((value as Record<string, unknown>)[key], found);
  }
  return found;
}

function replaceAt(list: unknown[], at: number, value: unknown): void {
  const all = places(list);
  const place = all[at % all.length];
  if (place !== undefined) (place[0] as Record<string, unknown>)[place[1]] = value;
}

const changes = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("replace" as const), at: fc.nat(1_000), value: junk }),
    fc.record({ kind: fc.constant("delete" as const), at: fc.nat(1_000) }),
    fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(1_000) }),
    fc.record({ kind: fc.constant("reverse" as const) }),
  ),
  { maxLength: 3 },
);

const list = fc.tuple(fc.array(goodEntry, { maxLength: 8 }), fc.oneof(fc.constant([]), changes))
  .map(([entries, steps]) => {
    const copy: unknown[] = structuredClone(entries);
    for (const step of steps) {
      if (step.kind === "replace") replaceAt(copy, step.at, step.value);
      else if (step.kind === "delete") replaceAt(copy, step.at, undefined);
      else if (step.kind === "repeat" && copy.length > 0) copy.push(copy[step.at % copy.length]);
      else if (step.kind === "reverse") copy.reverse();
    }
    return copy;
  });

const text = fc.oneof(
  { weight: 12, arbitrary: list.map((value) => JSON.stringify(value)) },
  {
    weight: 2,
    arbitrary: fc.tuple(list, fc.nat(5_000)).map(([value, at]) => {
      const whole = JSON.stringify(value);
      return whole.slice(0, at % (whole.length + 1));
    }),
  },
  {
    // Numbers beyond what JSON.stringify() writes.
    weight: 1,
    arbitrary: fc.tuple(list, fc.constantFrom("1e999", "-1e999", "9".repeat(400), "1e-999"))
      .map(([value, number]) => JSON.stringify(value).replace(/:\d+/, `:${number}`)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(list, fc.nat(5_000), fc.string({ unit: "binary", maxLength: 5 }))
      .map(([value, at, odd]) => {
        const whole = JSON.stringify(value);
        const cut = at % (whole.length + 1);
        return whole.slice(0, cut) + odd + whole.slice(cut);
      }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      "null",
      "{}",
      '"app"',
      "<!DOCTYPE html><title>502</title>",
      "No cluster leader",
      "[".repeat(20_000),
      `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    ),
  },
);

const body = fc.oneof(
  { weight: 20, arbitrary: text.map((value) => encoder.encode(value)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);

const index = fc.oneof(
  { weight: 6, arbitrary: fc.nat(1_000).map(String) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "0",
      "-1",
      "1e3",
      "seven",
      "",
      "9007199254740993",
      "18446744073709551615",
      "18446744073709551616",
    ),
  },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

/** Anything that may come instead of a good answer, and now and then a good one. */
export const answer: fc.Arbitrary<Answer> = fc.record({
  way: fc.oneof(
    { weight: 12, arbitrary: fc.constant("whole" as const) },
    { weight: 1, arbitrary: fc.constantFrom("cut" as const, "fail" as const) },
  ),
  status: fc.oneof(
    { weight: 8, arbitrary: fc.constant(200) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(206, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503),
    },
  ),
  body,
  headers: fc.record({
    index,
    retryAfter: fc.option(fc.constantFrom("1", "0", "soon", "99999999999", "-1"), {
      nil: undefined,
      freq: 8,
    }),
    contact: fc.constantFrom(undefined, "0", "-1", "1e9"),
  }).map(({ index, retryAfter, contact }) => ({
    ...(index !== undefined && { "X-Consul-Index": index }),
    ...(retryAfter !== undefined && { "Retry-After": retryAfter }),
    ...(contact !== undefined && { "X-Consul-LastContact": contact }),
  })),
});

/** A response as `fetch` gives it; rejects where there is none. */
export function respond({ way, status, headers, body }: Answer): Promise<Response> {
  if (way === "fail") return Promise.reject(new TypeError("fetch failed"));
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (body.byteLength > 0) controller.enqueue(body);
      if (way === "cut") controller.error(new TypeError("terminated"));
      else controller.close();
    },
  });
  return Promise.resolve(new Response(stream, { status, headers }));
}
