/**
 * What the decoders throw: a path into the document, and what should have been there. They do not
 * know files, lines or secrets; config_source.ts turns a fault into an error that does.
 *
 * @module
 */

import { describeValue } from "./describe_value.ts";

/**
 * Keys and indexes from the top of the document, such as `["watches", 1, "interval"]`. A first key
 * such as `"$CONSUL_HTTP_ADDR"` is an environment variable, and not in the document.
 */
export type Path = readonly (string | number)[];

/** Where a fault or a warning points. */
export interface Target {
  /** The value, or the place where one is missing. */
  readonly path: Path;
  /** Whether it points at the key and not at the value. */
  readonly key?: boolean;
}

/** What the decoders of the parts share. */
export interface DecodeContext {
  /**
   * Whether the document is an object given in code: a service may have any name, a datacenter is
   * `datacenter`, and the keys of a loaded configuration are known.
   */
  readonly inCode: boolean;
  /** Whether the document has a key `etcd`, a registry of ContainerPilot 2. */
  readonly etcd?: boolean | undefined;
  /** Takes a warning: the message is read after the path. */
  warn(target: Target, message: string): void;
}

/** Stands for a value that was found and may be a secret. */
export const HIDDEN: unique symbol = Symbol("hidden");

/** Something in a document that makes it invalid. */
export class ConfigFault extends Error {
  /** Where. */
  readonly target: Target;
  /** Whether `received` may be shown. */
  readonly shown: boolean;
  /** The value that was found. */
  readonly received: unknown;
  /** Whether the value may be a secret: then the lines that show the place are left out. */
  readonly hidden: boolean;

  /**
   * @param target Where.
   * @param problem What is wrong and what to do, to be read after the path: "must be a string".
   * @param received The value that was found, {@linkcode HIDDEN} for a secret. If left out, none is shown.
   */
  constructor(target: Target, problem: string, ...received: [unknown?]) {
    super(problem);
    this.target = target;
    this.shown = received.length > 0 && received[0] !== HIDDEN;
    this.received = received[0];
    this.hidden = received[0] === HIDDEN;
  }
}

/**
 * Writes a path as JavaScript does.
 *
 * @param path The path.
 * @returns Such as `watches[1].interval`; `""` for the whole document.
 */
export function formatPath(path: Path): string {
  return path.map((step, index) => {
    if (typeof step === "number") return `[${step}]`;
    if (!/^[A-Za-z_$][\w$]{0,60}$/.test(step)) return `[${describeValue(step)}]`;
    return index === 0 ? step : `.${step}`;
  }).join("");
}
