/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The last events, newest first.
 *
 * @module
 */
import type { LoggedEvent } from "../events/event_log.ts";
import { describeEvent } from "./change_text.ts";
import { formatDuration } from "./format.ts";
import type { Html } from "./html.ts";

const MAX_EVENTS = 30;
const MAX_TEXT = 400;

/** The last events, each as a sentence. */
export function Timeline({ events, now, root, only }: {
  events: readonly LoggedEvent[];
  now: number;
  root: string;
  /** The service whose page it is on, which needs no link. */
  only?: string;
}): Html {
  const newest = events.slice(-MAX_EVENTS).reverse();
  if (newest.length === 0) return <p class="quiet">No changes since the start.</p>;
  return (
    <ol class="timeline" id="timeline">
      {newest.map((event) => (
        <li id={`event-${event.number}`} class={severity(event)}>
          <time datetime={new Date(event.at).toISOString()} data-age={now - event.at}>
            {formatDuration(now - event.at)} ago
          </time>
          {event.service !== undefined && event.service !== only && (
            <a href={`${root}services/${encodeURIComponent(event.service)}`}>{event.service}</a>
          )}
          <span>{cut(describeEvent(event))}</span>
        </li>
      ))}
    </ol>
  );
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
