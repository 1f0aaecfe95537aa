/**
 * The table of `piloted watch`: pure text, for a terminal of any size.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { ServiceStatus } from "../watch/status.ts";

/** One service of the table. */
export interface TableService {
  /** What is known of it. */
  readonly status: ServiceStatus;
  /** Its endpoints. */
  readonly endpoints: readonly Endpoint[];
}

/** How a table is written. */
export interface TableOptions {
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Height of the terminal in lines. */
  readonly rows: number;
  /** Whether to use colors. */
  readonly colors: boolean;
}

interface Row {
  readonly cells: readonly string[];
  readonly color: string;
}

const RED = "31";
const GREEN = "32";
const YELLOW = "33";
const BOLD = "1";
const HEADER = ["SERVICE", "ENDPOINT", "STATUS", "NODE", "TAGS"];

/**
 * Writes the table: a line for each endpoint, and one for a service that has none or whose list is
 * not live.
 *
 * @param services The services.
 * @param options Size and colors.
 * @returns Lines that fit the terminal, one less than its height at most.
 */
export function watchTable(services: readonly TableService[], options: TableOptions): string[] {
  const rows = [{ cells: HEADER, color: BOLD }, ...services.flatMap(serviceRows)];
  const widths = HEADER.map((_, column) =>
    Math.max(...rows.map(({ cells }) => cells.length > 2 ? cells[column]?.length ?? 0 : 0), 0)
  );
  widths[0] = Math.max(...rows.map(({ cells }) => cells[0]!.length));
  // The last line of a terminal has to stay empty, or it scrolls.
  const height = Math.max(options.rows - 1, 2);
  const shown = rows.length <= height ? rows : rows.slice(0, height - 1);
  const lines = shown.map((row) => line(row, widths, options));
  const hidden = rows.length - shown.length;
  if (hidden > 0) lines.push(`... ${hidden} more`.slice(0, options.columns));
  return lines;
}

function serviceRows({ status, endpoints }: TableService): Row[] {
  const { service, state, reason, ageMs } = status;
  const rows: Row[] = endpoints.map(({ host, status, node, tags }) => ({
    cells: [service, host, status, node, tags.join(",")],
    color: status === "passing" ? GREEN : status === "warning" ? YELLOW : RED,
  }));
  if (state !== "live") {
    const age = ageMs === undefined ? "" : ` for ${Math.round(ageMs / 1_000)} s`;
    rows.push({ cells: [service, `${state}${age}${reason ? `: ${reason}` : ""}`], color: YELLOW });
  } else if (endpoints.length === 0) {
    rows.push({ cells: [service, "no endpoint"], color: RED });
  }
  return rows;
}

function line({ cells, color }: Row, widths: readonly number[], options: TableOptions): string {
  const padded = cells.map((cell, column) =>
    column === cells.length - 1 ? cell : cell.padEnd(widths[column]!)
  );
  // What a registry says is shown as text, whatever control characters are in it.
  // deno-lint-ignore no-control-regex
  const text = padded.join("  ").replaceAll(/[\x00-\x1f\x7f-\x9f]/g, "?");
  const fitting = text.slice(0, options.columns).trimEnd();
  return options.colors ? `\x1b[${color}m${fitting}\x1b[0m` : fitting;
}
