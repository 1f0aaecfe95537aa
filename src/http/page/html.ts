/**
 * What components give.
 *
 * @module
 */
import type { HtmlEscapedString } from "hono/utils/html";

/** HTML in which everything that came from outside is escaped. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;
