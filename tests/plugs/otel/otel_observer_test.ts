import {
  type Attributes,
  type Context,
  context,
  type ContextManager,
  type Counter,
  createNoopMeter,
  type Histogram,
  type HrTime,
  type MetricOptions,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { assert, assertEquals } from "@std/assert";
import { otelObserver } from "../../../src/plugs/otel/mod.ts";
import { answer, type Backend, refused, World } from "../../fetch/support.ts";
import { test } from "../../support/test.ts";

/** Keeps what it is told, by OpenTelemetry's interface. */
class RecordedSpan implements Span {
  readonly attributes: Attributes = {};
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  endTime: TimeInput | undefined;

  constructor(
    readonly name: string,
    readonly options: SpanOptions,
    readonly parent: Span | undefined,
  ) {
    Object.assign(this.attributes, options.attributes);
  }

  get durationMs(): number {
    const [start, end] = [this.options.startTime as HrTime, this.endTime as HrTime];
    return (end[0] - start[0]) * 1000 + (end[1] - start[1]) / 1e6;
  }

  spanContext(): SpanContext {
    return { traceId: "1".repeat(32), spanId: "1".repeat(16), traceFlags: 1 };
  }
  setAttribute(key: string, value: string): this {
    this.attributes[key] = value;
    return this;
  }
  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes);
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }
  updateName(): this {
    return this;
  }
  end(endTime?: TimeInput): void {
    this.endTime = endTime;
  }
  isRecording(): boolean {
    return true;
  }
  recordException(): void {}
}

class Recorder {
  readonly spans: RecordedSpan[] = [];
  readonly measures: [name: string, value: number, attributes: Attributes | undefined][] = [];
  readonly instruments: Record<string, MetricOptions | undefined> = {};

  readonly tracer: Tracer = {
    startSpan: (name: string, options: SpanOptions = {}, parent: Context = context.active()) => {
      const span = new RecordedSpan(name, options, trace.getSpan(parent));
      this.spans.push(span);
      return span;
    },
    startActiveSpan: () => {
      throw new Error("not used");
    },
  };

  readonly meter = Object.assign(createNoopMeter(), {
    createHistogram: (name: string, options?: MetricOptions): Histogram => {
      this.instruments[name] = options;
      return { record: (value, attributes) => void this.measures.push([name, value, attributes]) };
    },
    createCounter: (name: string, options?: MetricOptions): Counter => {
      this.instruments[name] = options;
      return { add: (value, attributes) => void this.measures.push([name, value, attributes]) };
    },
  });
}

function observed(ids: string[], backend: Backend): Recorder & { world: World } {
  const recorder = new Recorder();
  const { tracer, meter } = recorder;
  const observer = otelObserver({ tracer, meter });
  const world = new World(ids, backend, { random: () => 0.5, observer });
  return Object.assign(recorder, { world });
}

test("otelObserver() records a span for the call and one under it for every attempt", async () => {
  const { world, spans } = observed(["a", "b"], ({ to }) => answer(to === "a" ? 503 : 200));
  await world.outcome(world.fetch("http://app/orders"));
  const [call, first, second] = spans as [RecordedSpan, RecordedSpan, RecordedSpan];
  assertEquals(spans.length, 3);
  assertEquals(spans.map(({ name, options }) => [name, options.kind]), [
    ["GET", SpanKind.CLIENT],
    ["GET", SpanKind.CLIENT],
    ["GET", SpanKind.CLIENT],
  ]);
  assertEquals(spans.map(({ parent }) => parent), [undefined, call, call]);
  assertEquals(call.attributes, {
    "http.request.method": "GET",
    "server.address": "app",
    "server.port": 80,
    "url.full": "http://app/orders",
    "http.response.status_code": 200,
  });
  assertEquals(first.attributes, {
    "http.request.method": "GET",
    "server.address": "10.0.0.1",
    "server.port": 80,
    "url.full": "http://app/orders",
    "piloted.service": "app",
    "piloted.endpoint.id": "a",
    "piloted.outcome": "rejected",
    "piloted.hedge": false,
    "http.response.status_code": 503,
    "error.type": "503",
  });
  assertEquals(second.attributes["http.request.resend_count"], 1);
  assertEquals(spans.map(({ status }) => status.code), [
    SpanStatusCode.UNSET,
    SpanStatusCode.ERROR,
    SpanStatusCode.UNSET,
  ]);
  assertEquals(call.durationMs, 12.5);
  assertEquals(second.durationMs, 0);
});

test("otelObserver() measures calls in seconds and counts attempts by outcome", async () => {
  const { world, measures, instruments } = observed(
    ["a", "b"],
    ({ to }) => answer(to === "a" ? 503 : 200),
  );
  await world.outcome(world.fetch("http://app/orders"));
  assertEquals(measures, [
    ["piloted.fetch.attempts", 1, { "server.address": "app", "piloted.outcome": "rejected" }],
    ["piloted.fetch.attempts", 1, { "server.address": "app", "piloted.outcome": "success" }],
    ["http.client.request.duration", 0.0125, {
      "http.request.method": "GET",
      "server.address": "app",
      "server.port": 80,
      "http.response.status_code": 200,
    }],
  ]);
  const histogram = instruments["http.client.request.duration"];
  assertEquals(histogram?.unit, "s");
  assertEquals(histogram?.advice?.explicitBucketBoundaries?.[0], 0.005);
});

test("otelObserver() tells the type of an error and nothing that may be secret", async () => {
  const { world, spans, measures } = observed(["a"], refused);
  const headers = { authorization: "Bearer s3cret" };
  await world.outcome(world.fetch("http://app/orders?token=s3cret#s3cret", { headers }));
  assertEquals(spans[0]!.attributes["error.type"], "REQUEST_FAILED");
  assertEquals(spans[0]!.status, { code: SpanStatusCode.ERROR });
  assertEquals(spans[1]!.attributes["piloted.outcome"], "connect_failed");
  assertEquals(spans[1]!.status, { code: SpanStatusCode.ERROR });
  assertEquals(measures.at(-1)![2]!["error.type"], "REQUEST_FAILED");
  assert(spans.every(({ endTime }) => endTime !== undefined));
  const told = spans.map(({ name, attributes, status }) => ({ name, attributes, status }));
  assert(!JSON.stringify([told, measures]).includes("s3cret"));
});

test("otelObserver() leaves user name and password out of the address", () => {
  const recorder = new Recorder();
  const url = "https://user:s3cret@app/orders?a=1";
  const call = { service: "app", method: "GET", url, startedAt: 1_000 };
  const { tracer, meter } = recorder;
  otelObserver({ tracer, meter }).started(call);
  assertEquals(recorder.spans[0]!.attributes["url.full"], "https://app/orders");
  assertEquals(recorder.spans[0]!.attributes["server.port"], 443);
});

test("otelObserver() names a method of its own _OTHER, so that metrics stay few", async () => {
  const { world, spans, measures } = observed(["a"], () => answer(404));
  await world.outcome(world.fetch("http://app/", { method: "PURGE" }));
  assertEquals(spans[0]!.name, "HTTP");
  assertEquals(spans[0]!.attributes["http.request.method"], "_OTHER");
  assertEquals(spans[0]!.attributes["http.request.method_original"], "PURGE");
  assertEquals(spans[0]!.attributes["error.type"], "404");
  assertEquals(measures.at(-1)![2]!["http.request.method"], "_OTHER");
});

test("otelObserver() without an OpenTelemetry SDK disturbs nothing", async () => {
  const world = new World(["a"], () => answer(200), { observer: otelObserver() });
  assertEquals(await world.outcome(world.fetch("http://app/")), 200);
});

test("otelObserver() puts the call under the span that is active where it is made", async () => {
  const recorder = new Recorder();
  const caller = new RecordedSpan("caller", {}, undefined);
  const active = trace.setSpan(ROOT_CONTEXT, caller);
  const manager: ContextManager = {
    active: () => active,
    with: (_context, run, self, ...args) => run.apply(self, args),
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  assert(context.setGlobalContextManager(manager));
  try {
    const { tracer, meter } = recorder;
    const observer = otelObserver({ tracer, meter });
    const world = new World(["a"], () => answer(200), { observer });
    await world.outcome(world.fetch("http://app/"));
  } finally {
    context.disable();
  }
  assert(recorder.spans[0]!.parent === caller);
  assert(recorder.spans[1]!.parent === recorder.spans[0]);
});
