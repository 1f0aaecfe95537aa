// What is one character, though it is written with several: quoted and escaped ones, and classes.
const CHARACTERS = /\\Q[^]*?(?:\\E|$)|\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]/g;
const REPETITION = /\{(\d{1,4})(?:,(\d{0,4}))?\}/y;

/**
 * A regular expression with `x` for each quoted or escaped character and each class, so that what is
 * left of `(`, `{` and the like is syntax.
 */
export function regexpSyntax(source: string): string {
  return source.replace(
    CHARACTERS,
    (characters) => characters.startsWith("\\Q") ? "x".repeat(characters.length) : "x",
  );
}

/**
 * About how many instructions a regular expression compiles to. That can be a thousand times its
 * length: Go allows repetitions up to that number, and writes each of them out.
 *
 * @param syntax As {@linkcode regexpSyntax} gives it.
 */
export function regexpSize(syntax: string): number {
  const outer: number[] = [];
  let size = 0;
  // The size of what a repetition would repeat.
  let last = 0;
  for (let index = 0; index < syntax.length; index++) {
    const char = syntax[index];
    if (char === "(") {
      outer.push(size);
      size = 0;
    } else if (char === ")") {
      last = size + 2;
      size = (outer.pop() ?? 0) + last;
    } else {
      REPETITION.lastIndex = index;
      const [whole, least, most] = char === "{" && REPETITION.exec(syntax) || [];
      if (whole === undefined) {
        last = 1;
        size++;
      } else {
        size += last * (Math.max(Number(least), Number(most ?? 0)) - 1);
        index += whole.length - 1;
      }
    }
  }
  return outer.reduce((sum, part) => sum + part + 2, size);
}
