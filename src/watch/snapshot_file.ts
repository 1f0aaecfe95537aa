/**
 * The last good lists, kept over a restart.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from "../clock.ts";
import { type Endpoint, formatHost } from "../endpoint.ts";
import { PilotedError } from "../errors.ts";
import { readTextFile, writeTextFile } from "../runtime/files.ts";
import type { Events } from "../client/events.ts";
import type { Restored } from "./watch_record.ts";
import { queryKey, type Watchers } from "./watch_set.ts";

const FORMAT = "piloted-snapshot";
const VERSION = 1;
const WRITE_EVERY_MS = 1_000;

interface SavedWatch {
  service: string;
  tag?: string;
  datacenter?: string;
  confirmedAt: number;
  endpoints: Endpoint[];
}

/**
 * A file with the last good list of every watch: addresses and what the registry says of them,
 * never a token. It is written at most once a second, to a temporary file that is then renamed.
 */
export class SnapshotFile {
  /** Lists of the former run, by query. */
  readonly restored: ReadonlyMap<string, Restored>;
  /** Why the file was ignored, where it was. */
  readonly problem: PilotedError | undefined;
  readonly #path: string;
  #watchers: Iterable<{ readonly query: Parameters<typeof queryKey>[0] }> & Watchers | undefined;
  #events: Events | undefined;
  #clock: Clock = systemClock;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #written = "";
  #stopListening: (() => void) | undefined;

  private constructor(
    path: string,
    restored: ReadonlyMap<string, Restored>,
    problem: PilotedError | undefined,
  ) {
    this.#path = path;
    this.restored = restored;
    this.problem = problem;
  }

  /**
   * Reads a file. One that is missing is an empty one; one that can't be used is left where it is.
   *
   * @param path The file.
   * @returns The file with what could be restored.
   */
  static async open(path: string): Promise<SnapshotFile> {
    let text: string;
    try {
      text = await readTextFile(path);
    } catch (cause) {
      if (isMissing(cause)) return new SnapshotFile(path, new Map(), undefined);
      return new SnapshotFile(path, new Map(), ignored(path, "it can't be read", cause));
    }
    try {
      return new SnapshotFile(path, decode(text), undefined);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      return new SnapshotFile(path, new Map(), ignored(path, why, cause));
    }
  }

  /**
   * Begins to write.
   *
   * @param watchers Whose lists.
   * @param events Tell when a list has changed; failures to write are told there.
   * @param options Time.
   */
  follow(watchers: Watchers, events: Events, options: { clock: Clock }): void {
    this.#watchers = watchers;
    this.#events = events;
    this.#clock = options.clock;
    this.#stopListening = events.on("change", () => this.#schedule());
    this.#schedule();
  }

  /** Writes what has not been written yet, and stops. */
  async close(): Promise<void> {
    this.#stopListening?.();
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#writing;
    await this.#write();
    this.#watchers = undefined;
  }

  #schedule(): void {
    this.#timer ??= this.#clock.start(
      () => {
        this.#timer = undefined;
        this.#writing = this.#write().finally(() => this.#writing = undefined);
      },
      WRITE_EVERY_MS,
      true,
    );
  }

  async #write(): Promise<void> {
    if (this.#watchers === undefined) return;
    const watches: SavedWatch[] = [];
    for (const { query, confirmedAt, endpoints } of this.#watchers) {
      if (confirmedAt === undefined || endpoints.length === 0) continue;
      watches.push({ ...query, confirmedAt, endpoints: [...endpoints] });
    }
    const text = JSON.stringify({ format: FORMAT, version: VERSION, watches });
    if (text === this.#written) return;
    try {
      await writeTextFile(this.#path, text);
      this.#written = text;
    } catch (cause) {
      this.#events?.emit(
        "error",
        new PilotedError(
          "SNAPSHOT_INVALID",
          `Cannot write the snapshot file ${this.#path}: check the folder and its rights`,
          { cause, path: this.#path },
        ),
      );
    }
  }
}

function ignored(path: string, why: string, cause: unknown): PilotedError {
  return new PilotedError(
    "SNAPSHOT_INVALID",
    `Cannot use the snapshot file ${path}: ${why}; it is ignored and will be written anew`,
    { cause, path },
  );
}

function isMissing(cause: unknown): boolean {
  const error = cause as { code?: unknown; name?: unknown; cause?: { code?: unknown } } | null;
  return error?.code === "ENOENT" || error?.name === "NotFound" || error?.cause?.code === "ENOENT";
}

function decode(text: string): Map<string, Restored> {
  const { format, version, watches } = JSON.parse(text) as Record<string, unknown>;
  if (format !== FORMAT) throw new Error("it is not a snapshot of Piloted's");
  if (version !== VERSION) {
    throw new Error(`its format is version ${JSON.stringify(version)}, and ${VERSION} is read`);
  }
  if (!Array.isArray(watches)) throw new Error("it has no list of watches");
  const restored = new Map<string, Restored>();
  for (const watch of watches as SavedWatch[]) {
    if (typeof watch.service !== "string" || !Number.isFinite(watch.confirmedAt)) {
      throw new Error("a watch has no service or no time");
    }
    const endpoints = Object.freeze(watch.endpoints.map(restoreEndpoint));
    restored.set(queryKey(watch), { endpoints, confirmedAt: watch.confirmedAt });
  }
  return restored;
}

function restoreEndpoint(saved: Endpoint): Endpoint {
  const { service, id, address, port, node, datacenter, tags, meta, weight, status, zone } = saved;
  const texts = [service, id, address, node, datacenter, status, zone, ...tags];
  if (
    !texts.every((text) => typeof text === "string") || !Number.isInteger(port) ||
    !Number.isFinite(weight)
  ) {
    throw new Error("an endpoint is incomplete");
  }
  return Object.freeze({
    service,
    id,
    address,
    port,
    host: formatHost(address, port),
    node,
    datacenter,
    tags: Object.freeze(tags),
    meta: Object.freeze(meta),
    weight,
    status,
    zone,
  });
}
