/**
 * Files and folders that documents and manifests name.
 */
const FOLDERS = "src|tests|scripts|bench|examples|docs|types|\\.ci|\\.github";
// Not behind a letter or slash: those are parts of addresses and of other paths.
const PATH = new RegExp(`(?<![\\w/.@-])(?:\\./)?((?:${FOLDERS})/[\\w./-]*)`, "g");
const LINK = /\]\((?![a-z]+:|#)([^)#\s]+)/g;
const FILE_IN_CODE = /`((?:[a-z0-9_]+\/)*[a-z0-9_]+\.tsx?)`/g;

/** A path that a text names. */
export interface NamedPath {
  /** Path from the root of the project, without a slash at its end. */
  path: string;
  line: number;
  /** Whether its line says that it is planned. */
  planned: boolean;
}

/**
 * Finds the paths that a text names: those that begin with a folder of the project, targets of
 * links, and names of TypeScript files between backticks. Placeholders are written in capitals
 * (`NAME_test.ts`) and so are not taken for a file.
 *
 * @param text A document in Markdown, or a manifest.
 * @param folder Folder of the document, from which its links are read. @default the root
 * @returns The paths.
 */
export function namedPaths(text: string, folder = ""): NamedPath[] {
  const found: NamedPath[] = [];
  for (const [index, content] of text.split("\n").entries()) {
    const line = index + 1;
    const planned = /\bplanned\b/i.test(content);
    const paths = [
      ...[...content.matchAll(PATH)].map(([, path]) => beforePlaceholder(path!)),
      ...[...content.matchAll(LINK)].map(([, path]) => join(folder, path!)),
      ...[...content.matchAll(FILE_IN_CODE)].map(([, path]) => path!),
    ];
    for (const path of new Set(paths)) found.push({ path, line, planned });
  }
  return found;
}

/**
 * What is wrong with the paths that a document names.
 *
 * @param document Its name, for the faults.
 * @param named The paths that it names.
 * @param existing Every file and folder of the project. A name is also right when it is the end of
 * a path: `errors.ts` is `src/errors.ts`.
 * @returns What is wrong, one line each.
 */
export function pathFaults(
  document: string,
  named: readonly NamedPath[],
  existing: readonly string[],
): string[] {
  const exists = (path: string) =>
    existing.some((one) => one === path || (/\.tsx?$/.test(path) && one.endsWith(`/${path}`)));
  return named.flatMap(({ path, line, planned }) => {
    if (exists(path) !== planned) return [];
    const what = planned ? "calls planned what exists" : "names what does not exist";
    return [`${document}:${line} ${what}: ${path}`];
  });
}

// `src/plugs` of `src/plugs/NAME/`.
function beforePlaceholder(path: string): string {
  const parts = path.replace(/[./]+$/, "").split("/");
  const placeholder = parts.findIndex((part) => /[A-Z]/.test(part));
  return (placeholder === -1 ? parts : parts.slice(0, placeholder)).join("/");
}

function join(folder: string, path: string): string {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
