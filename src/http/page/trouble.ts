/**
 * What is wrong with a service, the worst first: the order of the page.
 *
 * @module
 */
import type { ServiceStatus } from "../../watch/status.ts";
import { formatCount, formatFailing, formatNumber } from "./format.ts";

/**
 * Kinds of trouble, the worst first. `empty` is a service whose lookups fail, whatever its list is;
 * `ejected` one of which this process does not use some endpoints.
 */
export const TROUBLES = [
  "empty",
  "denied",
  "stale",
  "unconfirmed",
  "ejected",
  "restored",
  "pending",
  "closed",
] as const;

/** One of them. */
export type Trouble = typeof TROUBLES[number];

/** One service as the page lists it. */
export interface ServiceView {
  /** Its status. */
  readonly status: ServiceStatus;
  /** Its troubles, the worst first; empty for a service that is well. */
  readonly troubles: readonly Trouble[];
  /** Instances that do not pass, in words; `""` where all do. It is no trouble while others pass. */
  readonly failing: string;
  /** The reason in a few words; `""` for a service that is well. */
  readonly why: string;
  /** Why it has no endpoint; `undefined` when it has some. */
  readonly noEndpoints: string | undefined;
}

/**
 * Judges a service.
 *
 * @param status Its status.
 * @param noEndpoints Why it has no endpoint; `undefined` when it has some.
 */
export function judge(status: ServiceStatus, noEndpoints: string | undefined): ServiceView {
  const { state, balance, watches } = status;
  const found = new Set<string>([state]);
  if (noEndpoints !== undefined) found.add("empty");
  if (balance.ejectedCount > 0) found.add("ejected");
  const troubles = TROUBLES.filter((trouble) => found.has(trouble));
  const failing = formatFailing(watches.map(({ instanceCounts }) => instanceCounts));
  const reason = noEndpoints === undefined ? undefined : withoutSubject(noEndpoints);
  const why = reasonOf(status, reason, failing);
  return { status, troubles, failing, why, noEndpoints: reason };
}

function reasonOf(
  { state, reason, balance, failover }: ServiceStatus,
  noEndpoints: string | undefined,
  failing: string,
): string {
  const parts: string[] = [];
  if (failover !== undefined) parts.push(`using ${failover}`);
  // The first words say it; the rest is advice, for which the line has no room.
  if (noEndpoints !== undefined) parts.push(noEndpoints.replace(/( of "|; | \().*$/s, ""));
  else if (state !== "live" && reason !== undefined) parts.push(withoutSubject(reason));
  if (balance.ejectedCount > 0) {
    const all = formatCount(balance.endpoints.length, "endpoint");
    parts.push(`${formatNumber(balance.ejectedCount)} of ${all} ejected`);
  }
  if (noEndpoints === undefined && failing !== "") parts.push(failing);
  const text = parts.join("; ");
  return text.length > MAX_WHY ? `${text.slice(0, MAX_WHY)}…` : text;
}

// More than a line shows, and little enough for a hundred of them; the service's page has it all.
const MAX_WHY = 200;

/**
 * A message without what the place where it is shown says already.
 *
 * @param message Message of an error about one service.
 * @returns Such as `Consul at http://consul:8500: the connection was refused`.
 */
export function withoutSubject(message: string): string {
  const short = message.replace(SUBJECT, "");
  return short === "" ? message : short;
}

// The error of a lookup quotes that of a read.
const SUBJECT =
  /^(?:Cannot (?:pick an endpoint of|read service) "(?:[^"\\]|\\.)*"(?: in datacenter "(?:[^"\\]|\\.)*")?(?: from |: ))+/;

const NATURAL = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * Compares names as people sort them: `app2` before `app10`.
 *
 * @param a One.
 * @param b The other.
 */
export function compareNames(a: string, b: string): number {
  return NATURAL.compare(a, b);
}

/**
 * Sorts services: trouble first, by kind, then those with failing instances; each by name.
 *
 * @param views The services.
 * @returns A new list.
 */
export function troubleFirst(views: readonly ServiceView[]): ServiceView[] {
  return [...views].sort((a, b) =>
    rank(a) - rank(b) || compareNames(a.status.service, b.status.service)
  );
}

function rank({ troubles, failing }: ServiceView): number {
  const [worst] = troubles;
  if (worst !== undefined) return TROUBLES.indexOf(worst);
  return TROUBLES.length + (failing === "" ? 1 : 0);
}

/** What many services have in common. */
export interface CommonCause {
  /** The reason. */
  readonly why: string;
  /** How many services have it. */
  readonly count: number;
}

// One cause of a few services is seen in their lines.
const MIN_COMMON = 4;

/**
 * The reason that at least half of the services in trouble share: usually the registry.
 *
 * @param views All services.
 */
export function commonCause(views: readonly ServiceView[]): CommonCause | undefined {
  const counts = new Map<string, number>();
  const troubled = views.filter(({ troubles }) => troubles.length > 0);
  for (const { status: { state, reason } } of troubled) {
    if (state === "live" || reason === undefined) continue;
    const why = withoutSubject(reason);
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  for (const [why, count] of counts) {
    if (count >= MIN_COMMON && count * 2 >= troubled.length) return { why, count };
  }
  return undefined;
}
