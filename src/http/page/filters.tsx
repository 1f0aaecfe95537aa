/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * Tabs that filter a list, and links to its other parts. All of them are links with a query, so
 * that they work without JavaScript and can be sent to a colleague.
 *
 * @module
 */
import { formatNumber } from "./format.ts";
import type { Html } from "./html.ts";

/** A tab. */
export interface Tab {
  /** Value of `show`; `""` for all. */
  readonly show: string;
  /** What it shows. */
  readonly label: string;
  /** How many there are. */
  readonly count: number;
  /** Whether a count above 0 is bad. */
  readonly tone?: "bad" | "warn" | undefined;
}

/** Which part of a list is shown. */
export interface Part {
  /** Value of `show`. */
  readonly show: string;
  /** What is searched for. */
  readonly query: string;
  /** Number of the page, from 1. */
  readonly page: number;
}

/**
 * The query of a link to a part of a list.
 *
 * @param part The part.
 * @returns Such as `?show=trouble&page=2`; `?` for the whole list.
 */
export function partLink({ show, query, page }: Part): string {
  const parameters = new URLSearchParams();
  if (query !== "") parameters.set("q", query);
  if (show !== "") parameters.set("show", show);
  if (page > 1) parameters.set("page", String(page));
  return `?${parameters}`;
}

/** The tabs. Those that would show nothing are left out, but for the first two. */
export function Tabs({ tabs, part, label }: {
  tabs: readonly Tab[];
  part: Part;
  label: string;
}): Html {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs
        .filter(({ count, show }, position) => count > 0 || position < 2 || show === part.show)
        .map(({ show, label, count, tone }) => (
          <a
            href={partLink({ ...part, show, page: 1 })}
            aria-current={show === part.show ? "true" : undefined}
            class={count > 0 ? tone : undefined}
            id={`tab-${show || "all"}`}
          >
            {`${label} `}
            <b>{formatNumber(count)}</b>
          </a>
        ))}
    </nav>
  );
}

/** A part of a list that has room on one page. */
export interface Shown<T> {
  /** The items. */
  readonly items: readonly T[];
  /** How many there are on all pages. */
  readonly total: number;
  /** Position of the first item, from 0. */
  readonly from: number;
  /** Number of the page, from 1. */
  readonly page: number;
  /** Number of pages. */
  readonly pages: number;
}

/** A browser shows a hundred lines without effort, and a person reads no more. */
const LINES = 100;

/**
 * Takes one page of a list.
 *
 * @param items The list.
 * @param page Number of the page; one that does not exist becomes the closest.
 */
export function takePage<T>(items: readonly T[], page: number): Shown<T> {
  const pages = Math.max(1, Math.ceil(items.length / LINES));
  const number = Math.min(Math.max(1, page), pages);
  const from = (number - 1) * LINES;
  const part = items.slice(from, from + LINES);
  return { items: part, total: items.length, from, page: number, pages };
}

/** Links to the other pages, where there are several. */
export function Pager({ shown, part, label }: {
  shown: Shown<unknown>;
  part: Part;
  label: string;
}): Html {
  const { from, items, total, page, pages } = shown;
  const link = (number: number, text: string, rel: string) => (
    <a href={partLink({ ...part, page: number })} rel={rel}>{text}</a>
  );
  return (
    <nav class="pager" aria-label={label}>
      {page > 1 && link(page - 1, "Previous", "prev")}
      <span>
        {`${formatNumber(from + 1)} to ${formatNumber(from + items.length)} of ${
          formatNumber(total)
        }`}
      </span>
      {page < pages && link(page + 1, "Next", "next")}
    </nav>
  );
}
