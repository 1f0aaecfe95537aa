/**
 * The lists that an upstream has sent, and who waits for the next ones.
 *
 * @module
 */
import { type Endpoint, endpointIdentity } from "../endpoint.ts";
import { PilotedError, type PilotedErrorCode } from "../errors.ts";
import { onAbort } from "../wait.ts";
import type { Reading } from "./source.ts";
import type { ListFacts, SentList, TierMessage } from "./piloted_wire.ts";

const EMPTY: SentList = { endpoints: Object.freeze([]), skipped: [], skippedCount: 0 };

/** One list. */
export class TierList {
  /** Name that it is asked for by. */
  readonly service: string;
  /** Whether the upstream does not watch it. */
  isUnknown = false;
  readonly #revise: () => number;
  readonly #waiters = new Set<() => void>();
  #list: SentList | undefined;
  #revision: number;
  #epoch: string | undefined;
  #isAccepted = false;
  #facts: ListFacts | undefined;
  #confirmedAt = 0;
  // Why nothing comes from the upstream itself.
  #failure: PilotedError | undefined;

  /**
   * Creates a list of which nothing is known.
   *
   * @param service Its name.
   * @param revise Returns the next revision.
   */
  constructor(service: string, revise: () => number) {
    this.service = service;
    this.#revise = revise;
    this.#revision = revise();
  }

  /** Changes with everything that a client has to know. */
  get position(): string {
    return String(this.#revision);
  }

  /** Why there is no list; `undefined` while there is one, or nothing is known yet. */
  get failure(): PilotedError | undefined {
    return this.#list === undefined ? this.#failure : undefined;
  }

  /**
   * Takes a message.
   *
   * @param message The message.
   * @param epoch The run of the upstream that it comes from.
   * @param now Milliseconds since the Unix epoch.
   * @param place The upstream, for messages.
   * @returns `false` when it does not fit the list, which must be read anew.
   */
  take(message: TierMessage, epoch: string, now: number, place: string): boolean {
    if (message.type === "unknown") {
      this.isUnknown = true;
      this.#changed();
    } else if (message.type === "list") {
      this.isUnknown = false;
      const isNone = message.facts.state === "pending";
      if (!isNone) {
        // A list that replaces another one of the same run has passed the upstream's guard.
        this.#isAccepted = this.#list !== undefined && this.#epoch === epoch;
        this.#epoch = epoch;
        this.#list = message.list;
      }
      this.#setFacts(message.facts, now, place);
      this.#changed();
    } else if (message.type === "state") {
      // There a list that has nothing in it does not come as a change.
      if (message.facts.state !== "pending") this.#list ??= EMPTY;
      this.#setFacts(message.facts, now, place);
      this.#changed();
    } else if (message.type === "change") {
      const list = this.#list ?? EMPTY;
      const endpoints = applyChange(list.endpoints, message);
      if (endpoints.length !== message.endpointCount) return false;
      this.#isAccepted = this.#epoch === epoch;
      this.#epoch = epoch;
      this.#list = { ...list, endpoints };
      this.#confirmedAt = Math.max(this.#confirmedAt, this.#failure === undefined ? now : 0);
      this.#changed();
    }
    return true;
  }

  /** The upstream cannot be reached. */
  fail(error: PilotedError): void {
    this.#failure = error;
    this.#changed();
  }

  /** Wakes those who wait, to look again. */
  wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /**
   * Waits for the next message or failure.
   *
   * @param signal Ends the wait.
   * @throws The signal's own reason when it aborts.
   */
  next(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiters.delete(wake);
        remove();
      };
      const wake = () => {
        end();
        resolve();
      };
      this.#waiters.add(wake);
      const remove = onAbort(signal, (reason) => {
        end();
        reject(reason);
      });
    });
  }

  /**
   * The list as a reading.
   *
   * @param now Milliseconds since the Unix epoch.
   * @param heardAt When the upstream last gave a sign of life.
   * @returns The reading; `undefined` while there is no list.
   */
  reading(now: number, heardAt: number): Reading | undefined {
    if (this.#list === undefined) return undefined;
    const isLive = this.#facts?.state === "live" && this.#failure === undefined;
    const confirmedAt = isLive ? Math.max(heardAt, this.#confirmedAt) : this.#confirmedAt;
    return {
      ...this.#list,
      position: this.position,
      freshness: {},
      standing: {
        ageMs: Math.max(0, now - confirmedAt),
        failure: this.#failure,
        isAccepted: this.#isAccepted,
      },
    };
  }

  /** Notes when the upstream was last heard of, before it is gone. */
  heard(at: number): void {
    if (this.#facts?.state === "live" && this.#failure === undefined) {
      this.#confirmedAt = Math.max(at, this.#confirmedAt);
    }
  }

  #setFacts(facts: ListFacts, now: number, place: string): void {
    this.#facts = facts;
    this.#confirmedAt = now - (facts.ageMs ?? 0);
    this.#failure = facts.state === "live" ? undefined : failureOf(this.service, facts, place);
  }

  #changed(): void {
    this.#revision = this.#revise();
    this.wake();
  }
}

/**
 * Why a list of an upstream is not fresh.
 *
 * @param service Name of the service.
 * @param facts What the upstream says.
 * @param place The upstream.
 */
export function failureOf(service: string, facts: ListFacts, place: string): PilotedError {
  const { state, reason = "it does not say why" } = facts;
  const code: PilotedErrorCode = state === "denied" ? "REGISTRY_DENIED" : "REGISTRY_UNREACHABLE";
  const name = JSON.stringify(service);
  const message =
    `Cannot confirm the list of service ${name}: it is ${state} at ${place}: ${reason}`;
  return new PilotedError(code, message, { service });
}

// In the order that the other side has: what changed keeps its place, what is new comes last.
function applyChange(
  before: readonly Endpoint[],
  { changed, removed }: TierMessage & { readonly type: "change" },
): readonly Endpoint[] {
  const rest = new Map(changed);
  const endpoints: Endpoint[] = [];
  for (const endpoint of before) {
    const identity = endpointIdentity(endpoint);
    if (removed.has(identity)) continue;
    endpoints.push(rest.get(identity) ?? endpoint);
    rest.delete(identity);
  }
  endpoints.push(...rest.values());
  return Object.freeze(endpoints);
}
