/**
 * Type of the components' results.
 *
 * @module
 */
import type { HtmlEscapedString } from "hono/utils/html";

/** HTML in which all outside text is escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;
