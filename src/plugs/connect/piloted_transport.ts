/**
 * The transport.
 *
 * @module
 */
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { isPilotedError } from "../../any_piloted_error.ts";
import type { Lease } from "../../balance/lease.ts";
import { follow, type Following } from "../../client/follow.ts";
import { isSelected } from "../../client/follow_options.ts";
import type { Piloted } from "../../client/piloted.ts";
import { systemClock } from "../../clock.ts";
import type { Endpoint } from "../../endpoint.ts";
import { RetryBudget } from "../../fetch/retry_budget.ts";
import { deadline, onAbort } from "../../wait.ts";
import { mayRepeat, outcomeOf, wasNotSent } from "./call_end.ts";
import { EndpointChannel } from "./endpoint_channel.ts";
import {
  checkTransportOptions,
  type EndpointTarget,
  type PilotedTransportOptions,
} from "./transport_options.ts";

/** A transport that follows a service. */
export interface PilotedTransport extends Transport, AsyncDisposable {
  /** Closes every connection when its calls have ended, or after `drainMs`. Idempotent. */
  close(): Promise<void>;
}

/** A call on its way to an endpoint. */
interface Attempt {
  readonly host: string;
  readonly channel: EndpointChannel;
  /** Missing while the endpoint is not listed. */
  readonly lease: Lease | undefined;
}

/** The arguments of a call that decide about its attempts. */
interface Limits {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  /** Whether it may be sent again after it was sent. */
  readonly mayRepeat: (error: unknown) => boolean;
}

type Send<Response> = (transport: Transport, timeoutMs: number | undefined) => Promise<Response>;

/**
 * Creates a transport for clients of Connect. Each call goes to the endpoint that the client's balancer
 * picks, over one HTTP/2 connection per endpoint, and its end counts as with `createFetch()`. An endpoint
 * that is not listed any more gets no new call; its connection is closed when its calls have ended.
 * While nothing is listed, the connections that there are stay in use.
 *
 * When an endpoint can't be connected to, the call goes to another one: nothing was sent. A call that was
 * sent is repeated only if it is unary, and the method is declared `idempotency_level = IDEMPOTENT` or
 * `NO_SIDE_EFFECTS`, or the server has refused it unprocessed; and within a budget of a fifth of all calls.
 *
 * @param piloted The client. Closing it closes the transport.
 * @param name Name of a watched service.
 * @param create Makes the transport of one endpoint: `createConnectTransport`, `createGrpcTransport` or
 * `createGrpcWebTransport` of `@connectrpc/connect-node`, or a function that calls one with more options.
 * @param options Which endpoints are meant, and how long things may take.
 * @returns The transport.
 * @throws {PilotedError} `UNKNOWN_SERVICE` when the service is not watched, `CLOSED` after `close()`,
 * `UNSUPPORTED` with mode `"on-demand"`.
 * @throws {TypeError} when an option is unknown or of the wrong type.
 * @throws {RangeError} when a number is out of its range.
 *
 * @example
 * ```ts ignore
 * import { createConnectTransport } from "@connectrpc/connect-node";
 * import { pilotedTransport } from "@piloted/core/connect";
 *
 * const transport = pilotedTransport(
 *   piloted,
 *   "customers",
 *   (target) => createConnectTransport({ ...target, interceptors: [logging] }),
 * );
 * ```
 */
export function pilotedTransport<Names extends string>(
  piloted: Piloted<Names>,
  name: Names,
  create: (target: EndpointTarget, endpoint: Endpoint) => Transport,
  options: PilotedTransportOptions = {},
): PilotedTransport {
  checkTransportOptions(options);
  const { clock = systemClock, maxAttempts = 3, tags, select, waitMs } = options;
  const budget = new RetryBudget({ percent: 20, minimumPerSecond: 3, windowMs: 10_000 });
  const channels = new Map<string, EndpointChannel>();
  const following: Following<EndpointChannel> = follow(piloted, name, {
    per: "endpoint",
    tags,
    select,
    waitMs,
    clock,
    open(endpoint) {
      const channel = new EndpointChannel(name, endpoint, create, options);
      channels.set(endpoint.host, channel);
      return channel;
    },
    close(channel, { host }) {
      if (channels.get(host) === channel) channels.delete(host);
      return channel.drain();
    },
  });

  let isClosed = false;

  async function pick(
    tried: ReadonlySet<string>,
    signal: AbortSignal | undefined,
    end: number,
  ): Promise<Attempt> {
    if (channels.size === 0 || isClosed) await opened(signal, end);
    const usable = ({ host }: { host: string }) => channels.has(host) && !tried.has(host);
    const exclude = (one: Endpoint) => !usable(one) || !isSelected(options, one);
    try {
      const lease = piloted.acquire(name, { exclude });
      const { host } = lease.endpoint;
      return { host, channel: channels.get(host)!, lease };
    } catch (error) {
      // Connections are kept while nothing is listed.
      const kept = following.clients.find(({ endpoint }) => usable(endpoint));
      if (kept === undefined) throw error;
      return { host: kept.endpoint.host, channel: kept.client, lease: undefined };
    }
  }

  function opened(signal: AbortSignal | undefined, end: number): Promise<unknown> {
    if (end === Infinity) return following.ready(signal);
    const error = () => new ConnectError("no endpoint is listed", Code.DeadlineExceeded);
    const limits = { timeoutMs: end - clock.now(), error, signal };
    return deadline(clock, (signal) => following.ready(signal), limits);
  }

  async function call<Response extends { readonly stream: boolean }>(
    { signal, timeoutMs, mayRepeat }: Limits,
    send: Send<Response>,
  ): Promise<Response> {
    const end = timeoutMs === undefined ? Infinity : clock.now() + timeoutMs;
    const tried = new Set<string>();
    let last: unknown;
    budget.deposit(clock.now());
    for (;;) {
      const attempt = await pick(tried, signal, end).catch((error) => {
        throw last ?? asConnectError(error, signal);
      });
      const { channel, lease } = attempt;
      const release = channel.use();
      let isSent = false;
      try {
        await channel.connect(signal, end - clock.now());
        isSent = true;
        const response = await send(
          channel.transport,
          timeoutMs === undefined ? undefined : end - clock.now(),
        );
        if (response.stream) return followed(response, signal, lease, release);
        lease?.release("success");
        release();
        return response;
      } catch (error) {
        release();
        const failure = isSent ? error : asConnectError(error, signal, clock.now() >= end);
        lease?.release(isSent || signal?.aborted ? outcomeOf(failure, signal) : "failure");
        tried.add(attempt.host);
        last = failure;
        const again = isSent ? mayRepeat(error) && budget.withdraw(clock.now()) : true;
        if (!again || tried.size >= maxAttempts || signal?.aborted || clock.now() >= end) {
          throw failure;
        }
      }
    }
  }

  const close = () => {
    isClosed = true;
    return following.close();
  };
  return {
    unary: (method, signal, timeoutMs, header, input, contextValues) =>
      call(
        {
          signal,
          timeoutMs,
          mayRepeat: (error) => mayRepeat(error, method.idempotency !== 0, signal),
        },
        (transport, leftMs) =>
          transport.unary(method, signal, leftMs, header, input, contextValues),
      ),
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      call(
        { signal, timeoutMs, mayRepeat: wasNotSent },
        (transport, leftMs) =>
          transport.stream(method, signal, leftMs, header, input, contextValues),
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Holds the lease until the last message. */
function followed<Response>(
  response: Response,
  signal: AbortSignal | undefined,
  lease: Lease | undefined,
  release: () => void,
): Response {
  // The life of a stream is no latency.
  lease?.report?.("success");
  let isOpen = true;
  let remove = () => {};
  const end = (error?: unknown) => {
    if (!isOpen) return;
    isOpen = false;
    remove();
    lease?.release(error === undefined ? "success" : outcomeOf(error, signal));
    release();
  };
  remove = onAbort(signal, () => end());
  const { message } = response as { message: AsyncIterable<unknown> };
  async function* messages(): AsyncGenerator<unknown> {
    try {
      yield* message;
    } catch (error) {
      end(error);
      throw error;
    } finally {
      end();
    }
  }
  return { ...response, message: messages() };
}

/** Clients of Connect throw nothing else. */
function asConnectError(
  error: unknown,
  signal: AbortSignal | undefined,
  isLate = false,
): ConnectError {
  if (error instanceof ConnectError) return error;
  const { name, message = String(error) } = error instanceof Error ? error : {} as Partial<Error>;
  const code = isLate || name === "TimeoutError"
    ? Code.DeadlineExceeded
    : signal?.aborted
    ? Code.Canceled
    : isPilotedError(error) && error.code === "CLOSED"
    ? Code.FailedPrecondition
    : Code.Unavailable;
  return new ConnectError(message, code, undefined, undefined, error);
}
