/**
 * The last good lists, kept over a restart.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import type { Endpoint } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { readTextFile, writeTextFile } from "../runtime/files.ts";
import { checkEndpoint, type EndpointFacts } from "../check_endpoint.ts";
import { REACH_KEYS, reachOf } from "../reach.ts";
import { queryKey } from "./watch_set.ts";
import type { Watch } from "./watch.ts";
import type { Restored } from "./state_update.ts";

const FORMAT = "piloted-snapshot";
const VERSION = 1;
const WRITE_EVERY_MS = 1_000;

/** Options of {@linkcode SnapshotFile.follow}. */
export interface FollowOptions {
  /** Time. */
  readonly clock: Clock;
  /** Receives failures to write. */
  readonly failed: (error: PilotedError) => void;
}

/**
 * A file with the last good list of every watch: addresses and what the registry says of them,
 * never a token. It is written at most once a second, to a temporary file that is then renamed.
 */
export class SnapshotFile {
  /** Lists of the former run, by query. */
  readonly restored: ReadonlyMap<string, Restored>;
  /** What was ignored, and why. */
  readonly problems: readonly PilotedError[];
  readonly #path: string;
  #watches: Iterable<Watch> | undefined;
  #options: FollowOptions | undefined;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #written = "";

  private constructor(
    path: string,
    restored: ReadonlyMap<string, Restored>,
    problems: readonly PilotedError[],
  ) {
    this.#path = path;
    this.restored = restored;
    this.problems = problems;
  }

  /**
   * Reads a file. One that is missing counts as empty; one that can't be used is left where it is.
   *
   * @param path The file.
   * @returns The file with what could be restored.
   */
  static async open(path: string): Promise<SnapshotFile> {
    let text: string;
    try {
      text = await readTextFile(path);
    } catch (cause) {
      const problems = isMissing(cause) ? [] : [ignored(path, "it can't be read", cause)];
      return new SnapshotFile(path, new Map(), problems);
    }
    const problems: PilotedError[] = [];
    try {
      const restored = decode(text, (why) => problems.push(leftOut(path, why)));
      return new SnapshotFile(path, restored, problems);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      return new SnapshotFile(path, new Map(), [ignored(path, why, cause)]);
    }
  }

  /**
   * Starts to write. Call {@linkcode SnapshotFile.changed} whenever a list has changed.
   *
   * @param watches Whose lists.
   * @param options Time, and where failures go.
   */
  follow(watches: Iterable<Watch>, options: FollowOptions): void {
    this.#watches = watches;
    this.#options = options;
    this.changed();
  }

  /** A list has changed: it is written within a second. */
  changed(): void {
    this.#timer ??= this.#options?.clock.start(
      () => {
        this.#timer = undefined;
        this.#writing = this.#write().finally(() => this.#writing = undefined);
      },
      WRITE_EVERY_MS,
      true,
    );
  }

  /** Writes what has not been written yet, and stops. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
    this.#watches = undefined;
    this.#options = undefined;
  }

  async #write(): Promise<void> {
    if (this.#watches === undefined) return;
    const watches = [];
    for (const { query, state } of this.#watches) {
      const { confirmedAt, endpoints } = state;
      if (confirmedAt === undefined || endpoints.length === 0) continue;
      watches.push({ ...query, confirmedAt, endpoints });
    }
    const text = JSON.stringify({ format: FORMAT, version: VERSION, watches });
    if (text === this.#written) return;
    try {
      await writeTextFile(this.#path, text);
      this.#written = text;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#options?.failed(
        new PilotedError(
          "SNAPSHOT_FAILED",
          `Cannot write the snapshot file ${this.#path}: ${why}; check the path and its permissions`,
          { cause, path: this.#path },
        ),
      );
    }
  }
}

function ignored(path: string, why: string, cause: unknown): PilotedError {
  return new PilotedError(
    "SNAPSHOT_INVALID",
    `Cannot use the snapshot file ${path}: ${why}; it is ignored and will be written again`,
    { cause, path },
  );
}

function leftOut(path: string, why: string): PilotedError {
  return new PilotedError(
    "SNAPSHOT_INVALID",
    `Cannot restore all of the snapshot file ${path}: ${why}; the rest is restored`,
    { path },
  );
}

function isMissing(cause: unknown): boolean {
  const error = cause as { code?: unknown; name?: unknown; cause?: { code?: unknown } } | null;
  return error?.code === "ENOENT" || error?.name === "NotFound" || error?.cause?.code === "ENOENT";
}

/** A file is outside input: its entries go through the same checks as a registry's response. */
function decode(text: string, leaveOut: (why: string) => void): Map<string, Restored> {
  const document: unknown = JSON.parse(text);
  const { format, version, watches } = (document ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) throw new Error("it is not a snapshot of Piloted");
  if (version !== VERSION) {
    throw new Error(`its format is version ${JSON.stringify(version)}, expected ${VERSION}`);
  }
  if (!Array.isArray(watches)) throw new Error("it has no list of watches");
  const restored = new Map<string, Restored>();
  for (const [index, watch] of watches.entries()) {
    const facts = (watch ?? {}) as Record<string, unknown>;
    const { service, tag, datacenter, confirmedAt, endpoints } = facts;
    const isWatch = typeof service === "string" && Number.isFinite(confirmedAt) &&
      isOptionalText(tag) && isOptionalText(datacenter) &&
      REACH_KEYS.every((key) => isOptionalText(facts[key])) && Array.isArray(endpoints);
    if (!isWatch) {
      leaveOut(`watches[${index}] has no service, time or endpoints`);
      continue;
    }
    const list: Endpoint[] = [];
    for (const [position, saved] of endpoints.entries()) {
      const endpoint = checkEndpoint({ ...(saved as EndpointFacts), service });
      if (typeof endpoint !== "string") list.push(endpoint);
      else leaveOut(`watches[${index}].endpoints[${position}]: ${endpoint}`);
    }
    if (list.length === 0) continue;
    restored.set(queryKey({ ...reachOf(facts), service, tag, datacenter }), {
      endpoints: Object.freeze(list),
      confirmedAt: confirmedAt as number,
    });
  }
  return restored;
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
