/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The last events, newest first.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import { describeEvent } from "./change_text.ts";
import { formatCount, formatDuration } from "./format.ts";
import type { Html } from "./html.ts";
import { withoutSubject } from "./trouble.ts";

const MAX_EVENTS = 20;
const MAX_TEXT = 400;

/** The last events, each as a sentence. */
export function Timeline({ events, now, root, only }: {
  events: readonly LoggedEvent[];
  now: number;
  root: string;
  /** The service whose page it is on, which needs no link. */
  only?: string;
}): Html {
  const groups = groupEvents(events);
  if (groups.length === 0) return <p class="quiet">No changes since the start.</p>;
  return (
    <ol class="timeline" id="timeline">
      {groups.map(({ event, services }) => (
        <li id={`event-${event.number}`} class={severity(event)}>
          <time datetime={new Date(event.at).toISOString()} data-age={now - event.at}>
            {`${formatDuration(now - event.at)} ago`}
          </time>
          {event.service !== undefined && event.service !== only && (
            <a href={`${root}services/${encodeURIComponent(event.service)}`}>{event.service}</a>
          )}
          <span>
            {services.size > 1
              ? `and ${formatCount(services.size - 1, "more service")}: ${describe(event)}`
              : describe(event)}
          </span>
        </li>
      ))}
    </ol>
  );
}

interface EventGroup {
  /** The newest of them. */
  readonly event: LoggedEvent;
  /** Services that it happened to. */
  readonly services: Set<string | undefined>;
}

/** The last events, newest first. The same state of many services at a time, with one reason, is one line. */
function groupEvents(events: readonly LoggedEvent[]): readonly EventGroup[] {
  const groups: EventGroup[] = [];
  for (let i = events.length - 1; i >= 0 && groups.length < MAX_EVENTS; i--) {
    const event = events[i]!;
    const last = groups.at(-1);
    const isSame = last !== undefined && event.type === "status" && last.event.type === "status" &&
      describe(event) === describe(last.event) && !last.services.has(event.service);
    if (isSame) last.services.add(event.service);
    else groups.push({ event, services: new Set([event.service]) });
  }
  return groups;
}

function describe({ data, ...event }: LoggedEvent): string {
  const { reason } = data;
  const isLong = event.type === "status" && typeof reason === "string";
  const short = isLong ? { ...data, reason: withoutSubject(reason) } : data;
  return cut(describeEvent({ ...event, data: short }));
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function severity({ type, data }: LoggedEvent): string {
  if (type === "status") return data.state === "live" ? "good" : "bad";
  if (type === "balance") return data.decision === "readmitted" ? "good" : "bad";
  if (type !== "change") return "neutral";
  return (data.removed as unknown[]).length > 0 ? "loss" : "good";
}
