/**
 * What ContainerPilot 3.8 would treat differently in a file that Piloted accepts. The table of them is
 * in `docs/configuration.md`.
 *
 * @module
 */
import { REACH_KEYS } from "../reach.ts";
import type { DecodeContext } from "./config_fault.ts";
import { ACCESS_KEYS } from "./consul_access.ts";
import type { Document, Place } from "./json5_document.ts";
import { decodeInteger, type Entry, isObject, readFields } from "./weak_decode.ts";

type Warn = DecodeContext["warn"];

const VERSION_2_KEYS: readonly string[] = [
  "backends",
  "services",
  "preStart",
  "preStop",
  "postStop",
  "onStart",
  "tasks",
  "coprocesses",
];
const OWN_WATCH_KEYS: readonly string[] = ["as", ...REACH_KEYS, "pattern", "limit"];
const OWN_CONSUL_KEYS: readonly string[] = [
  "addresses",
  ...ACCESS_KEYS.filter((key) => key !== "token"),
];
const REFUSES = "ContainerPilot 3.8 refuses the file";

/**
 * Warns about every part of a document that ContainerPilot 3.8 refuses or understands differently,
 * besides what the decoders warn about for everybody.
 *
 * @param document The document.
 * @param text Its text, rendered.
 * @param warn Takes the warnings.
 */
export function warnOfDifferences({ value, place }: Document, text: string, warn: Warn): void {
  warnOfText(text, place, warn);
  const members = isObject(value) ? value : {};
  for (const key of Object.keys(members)) {
    const at = { path: [key], key: true };
    if (VERSION_2_KEYS.includes(key)) warn(at, `is a key of version 2: ${REFUSES}`);
    else if (key === "catalog") warn(at, `is Piloted's own: ${REFUSES}`);
  }
  const part = (key: string): Entry => ({ value: members[key], path: [key] });
  warnOfConsul(part("consul"), warn);
  for (const watch of itemsOf(part("watches"))) warnOfWatch(watch, warn);
  for (const job of itemsOf(part("jobs"))) warnOfJob(job, warn);
}

function warnOfText(text: string, place: Place, warn: Warn): void {
  for (const [name, { key }] of place.parts) {
    if (key === undefined || text[key] !== "'") continue;
    warn({ path: [name], key: true }, `is in single quotes: ${REFUSES}`);
  }
  // Strings first, which may contain what looks like a comment.
  for (
    const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/.*|\/\*[^]*?\*\//g)
  ) {
    if (!token.startsWith("/*") || !/\*[^]*\//.test(token.slice(2, -2))) continue;
    const shown = JSON.stringify(token.length > 40 ? `${token.slice(0, 37)}...` : token);
    warn(
      { path: [] },
      `has the comment ${shown}, which ends for ContainerPilot at its first "/" after a "*"`,
    );
  }
}

function warnOfConsul({ value, path }: Entry, warn: Warn): void {
  if (value === undefined || value === null) {
    return warn({ path: [] }, `has no consul, which comes from the environment: ${REFUSES}`);
  }
  if (typeof value === "string") return warnOfAddress({ value, path }, warn);
  const known = membersOf({ value, path }, ["address", "tls", ...OWN_CONSUL_KEYS]);
  warnOfOwn(known, OWN_CONSUL_KEYS, warn);
  warnOfAddress(known.address!, warn);
  const tls = known.tls!;
  if (isObject(tls.value) && isAbsent(membersOf(tls, ["verify"]).verify!)) {
    warn(
      { path: tls.path, key: true },
      "verifies the certificate; ContainerPilot 3.8 does so only with verify: true",
    );
  }
}

function warnOfAddress({ value, path }: Entry, warn: Warn): void {
  if (typeof value !== "string" || !value.includes(",")) return;
  warn({ path }, "has several addresses; to ContainerPilot 3.8 it is one, which fails later");
}

function warnOfWatch(watch: Entry, warn: Warn): void {
  const known = membersOf(watch, ["interval", ...OWN_WATCH_KEYS]);
  if (isAbsent(known.interval!)) warn(watch, `has no interval: ${REFUSES}`);
  warnOfOwn(known, OWN_WATCH_KEYS, warn);
}

function warnOfJob(job: Entry, warn: Warn): void {
  const known = membersOf(job, ["tags", "meta", "consul", "health", "port"]);
  const { tags, consul, health, port } = known as Record<string, Entry>;
  if (typeof tags!.value === "string") warn(tags!, `is a text and no list: ${REFUSES}`);
  warnOfOwn(known, ["meta"], warn);
  const after = "deregisterCriticalServiceAfter";
  if (isObject(consul!.value) && isAbsent(membersOf(consul!, [after])[after]!)) {
    warn(consul!, `has no ${after}: ${REFUSES}`);
  }
  if (!port!.value) return;
  if (!isObject(health!.value)) return warn(job, `has a port and no health: ${REFUSES}`);
  for (const entry of Object.values(membersOf(health!, ["interval", "ttl"]))) {
    if (isWholeSeconds(entry)) continue;
    warn(entry, `must be a whole number of seconds above 0 there: ${REFUSES}`);
  }
}

function isWholeSeconds(entry: Entry): boolean {
  try {
    return decodeInteger(entry, "") >= 1;
  } catch {
    return false;
  }
}

function warnOfOwn(known: Fields, keys: readonly string[], warn: Warn): void {
  for (const key of keys) {
    const { value, path } = known[key]!;
    if (value !== undefined) warn({ path, key: true }, `is Piloted's own: ${REFUSES}`);
  }
}

type Fields = Readonly<Record<string, Entry>>;

// What is no object was refused before.
function membersOf({ value, path }: Entry, names: readonly string[]): Fields {
  return readFields({ value: isObject(value) ? value : {}, path }, names).known;
}

function isAbsent({ value }: Entry): boolean {
  return value === undefined || value === null || value === "";
}

function itemsOf({ value, path }: Entry): Entry[] {
  return Array.isArray(value)
    ? value.map((item, index) => ({ value: item, path: [...path, index] }))
    : [];
}
