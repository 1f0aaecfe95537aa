/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * What happened, newest first.
 *
 * @module
 */
import type { Endpoint } from "../../endpoint.ts";
import type { LoggedEvent } from "../events/event_log.ts";
import { duration, many } from "./format.ts";
import type { Html } from "./html.ts";

const MOST_EVENTS = 30;
const MOST_NAMED = 5;

/** The last events, each a sentence. */
export function Timeline({ events, now, root }: {
  events: readonly LoggedEvent[];
  now: number;
  root: string;
}): Html {
  const newest = events.slice(-MOST_EVENTS).reverse();
  if (newest.length === 0) return <p class="quiet">Nothing has happened yet.</p>;
  return (
    <ol class="timeline" id="timeline">
      {newest.map((event) => (
        <li id={`event-${event.number}`} class={kind(event)}>
          <time datetime={new Date(event.at).toISOString()} data-age={now - event.at}>
            {duration(now - event.at)} ago
          </time>
          {event.service !== undefined && (
            <a href={`${root}services/${encodeURIComponent(event.service)}`}>{event.service}</a>
          )}
          <span>{sentence(event)}</span>
        </li>
      ))}
    </ol>
  );
}

function kind({ type, data }: LoggedEvent): string {
  if (type === "status") return data.state === "live" ? "good" : "bad";
  if (type === "balance") return data.decision === "readmitted" ? "good" : "bad";
  if (type !== "change") return "neutral";
  return (data.removed as unknown[]).length > 0 ? "loss" : "good";
}

function sentence({ type, data }: LoggedEvent): string {
  if (type === "status") {
    return data.state === "live"
      ? "is live"
      : `is ${data.state}: ${data.reason ?? "no reason given"}`;
  }
  if (type === "refresh") {
    const failed = data.failed as string[];
    const all = many((data.services as string[]).length, "service");
    return failed.length === 0 ? `${all} refreshed` : `refresh failed for ${failed.join(", ")}`;
  }
  if (type === "balance") {
    const { decision, endpoint, reason } = data as {
      decision: string;
      endpoint?: Endpoint;
      reason?: string;
    };
    if (decision === "panic") {
      return data.on ? "so few are usable that all are used" : "enough are usable again";
    }
    return `${endpoint?.host} ${decision}${reason ? `: ${reason.replaceAll("_", " ")}` : ""}`;
  }
  const { added, removed, changed, count } = data as Record<string, readonly Endpoint[]> & {
    count: number;
  };
  const parts = [
    named(added!, "joined"),
    named(removed!, "left"),
    ...changed!.length > 0
      ? [changed!.slice(0, MOST_NAMED).map(({ host, status }) => `${host} is ${status}`).join(", ")]
      : [],
  ];
  return `${parts.filter((part) => part !== "").join("; ")} (${many(count, "endpoint")})`;
}

function named(endpoints: readonly Endpoint[], what: string): string {
  if (endpoints.length === 0) return "";
  const names = endpoints.slice(0, MOST_NAMED).map(({ host }) => host).join(", ");
  const more = endpoints.length - MOST_NAMED;
  return `${names}${more > 0 ? ` and ${more} more` : ""} ${what}`;
}
