/** Reads the HTML of a page, as far as the tests need. */

/** A line of the overview. */
export interface PageRow {
  readonly name: string;
  /** All its text. */
  readonly text: string;
}

/** The lines of the overview, in their order. */
export function readRows(html: string): readonly PageRow[] {
  return [...html.matchAll(/<tr role="row" id="service-[\s\S]*?<\/tr>/g)].map(([row]) => {
    const texts = row.replace(/<[^>]*>/g, "\n").split("\n").map((text) => text.trim());
    const filled = texts.filter((text) => text !== "");
    return { name: filled[0]!, text: filled.join(" ") };
  });
}

/** Elements and texts, as a browser would have them; scripts and styles are other files. */
export function countNodes(html: string): number {
  const elements = html.match(/<[a-z][^>]*>/g)?.length ?? 0;
  const texts = html.match(/>[^<]+</g)?.length ?? 0;
  return elements + texts;
}
