/**
 * Files that the pages load; they load nothing from other hosts.
 *
 * @module
 */
import { hashText } from "../../balance/hash_text.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">` +
  `<circle cx="16" cy="16" r="14" fill="#0b6e63"/>` +
  `<path d="M16 5l7 20-7-5-7 5z" fill="#fff"/></svg>`;

/** A file that the pages load. */
export interface Asset {
  /** Media type. */
  readonly type: string;
  /** Content. */
  readonly text: string;
}

/** Files by name. */
export const ASSETS = {
  style: { type: "text/css; charset=utf-8", text: STYLE },
  script: { type: "text/javascript; charset=utf-8", text: SCRIPT },
  icon: { type: "image/svg+xml", text: ICON },
} as const satisfies Record<string, Asset>;

/**
 * Path of a file. It contains a hash of the content, so caches may keep it for ever.
 *
 * @param name Name of the file.
 * @returns The path, relative to the root of the routes.
 */
export function assetPath(name: keyof typeof ASSETS): string {
  return `assets/${name}?v=${(hashText(ASSETS[name].text) >>> 0).toString(36)}`;
}
