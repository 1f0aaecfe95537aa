/**
 * What the architecture tests need to know of one TypeScript file, read by a real parser.
 */
import { parse } from "@babel/parser";

/** One import, re-export, dynamic import or type import. */
export interface ModuleImport {
  /** What is imported; `undefined` where it is computed at run time. */
  specifier: string | undefined;
  /** Exported names that it takes; `*` for all of them. */
  taken: readonly string[];
  line: number;
}

/** One exported name. */
export interface ModuleExport {
  name: string;
  /** Whether another file declares it: `export { a } from "./a.ts"`. */
  reexported: boolean;
  line: number;
}

/** A name as the code writes it: an identifier, or a property in brackets. */
export interface ModuleName {
  name: string;
  line: number;
}

/** One file. */
export interface Module {
  /** Path from the root of the project, with slashes. */
  path: string;
  lines: number;
  imports: ModuleImport[];
  exports: ModuleExport[];
  /** Names in what the exported declarations show: types of parameters, results and members. */
  shown: ReadonlySet<string>;
  /** Lines of `export *`. */
  starExports: number[];
  /** Every name, neither out of comments nor out of strings. */
  names: ModuleName[];
}

interface Node {
  type: string;
  loc: { start: { line: number } };
  [field: string]: unknown;
}

/**
 * Parses a file.
 *
 * @param path Path from the root of the project.
 * @param text Its text.
 * @returns What is in it.
 */
export function readModule(path: string, text: string): Module {
  const module: Module = {
    path,
    lines: text.trimEnd().split("\n").length,
    imports: [],
    exports: [],
    shown: new Set(),
    starExports: [],
    names: [],
  };
  const file = parse(text, {
    sourceType: "module",
    plugins: [
      "typescript",
      "explicitResourceManagement",
      ...path.endsWith(".tsx") ? ["jsx" as const] : [],
    ],
    createImportExpressions: true,
  });
  visit(file.program, (node) => read(node, module));
  return module;
}

function read(node: Node, module: Module): void {
  const line = node.loc.start.line;
  const add = (source: unknown, taken: readonly string[]) =>
    module.imports.push({ specifier: stringOf(source), taken, line });
  switch (node.type) {
    case "ImportDeclaration":
      add(node.source, (node.specifiers as Node[]).map(importedName));
      break;
    case "ImportExpression":
      add(node.source, ["*"]);
      break;
    case "TSImportType":
      add(node.argument, [nameOf(node.qualifier) ?? "*"]);
      break;
    case "ExportNamedDeclaration":
      readExport(node, module);
      break;
    case "ExportDefaultDeclaration":
      module.exports.push({ name: "default", reexported: false, line });
      break;
    case "ExportAllDeclaration":
      add(node.source, ["*"]);
      module.starExports.push(line);
      break;
    case "ExportNamespaceSpecifier":
      module.starExports.push(line);
      break;
    case "Identifier":
      module.names.push({ name: node.name as string, line });
      break;
    case "MemberExpression":
    case "OptionalMemberExpression":
      addString(node.property);
      break;
    case "BinaryExpression":
      if (node.operator === "in") addString(node.left);
      break;
  }

  // globalThis["Deno"] and "Deno" in globalThis name it as globalThis.Deno does.
  function addString(property: unknown): void {
    const name = stringOf(property);
    if (name !== undefined) module.names.push({ name, line });
  }
}

function readExport(node: Node, module: Module): void {
  const line = node.loc.start.line;
  const reexported = Boolean(node.source);
  const specifiers = (node.specifiers as Node[]).filter(({ type }) => type === "ExportSpecifier");
  const names = [...specifiers.map(({ exported }) => nameOf(exported)!), ...declaredNames(node)];
  module.exports.push(...names.map((name) => ({ name, reexported, line })));
  if (reexported) {
    const taken = specifiers.map(({ local }) => nameOf(local)!);
    const all = specifiers.length < (node.specifiers as Node[]).length;
    module.imports.push({
      specifier: stringOf(node.source),
      taken: all ? [...taken, "*"] : taken,
      line,
    });
  }
  const own = new Set(names);
  const shown = module.shown as Set<string>;
  visitShown(node.declaration, (name) => {
    if (!own.has(name)) shown.add(name);
  });
}

function declaredNames({ declaration }: Node): string[] {
  const node = declaration as Node | null;
  if (!node) return [];
  if (node.type !== "VariableDeclaration") return [nameOf(node.id)!];
  return (node.declarations as Node[]).map(({ id }) => nameOf(id) ?? "a pattern");
}

// What a caller sees of a declaration: no bodies and no private members.
function visitShown(value: unknown, see: (name: string) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visitShown(item, see);
  } else if (typeof value === "object" && value !== null) {
    const node = value as Node;
    if (typeof node.type !== "string") return;
    if (node.type === "BlockStatement" || node.type.startsWith("ClassPrivate")) return;
    if (node.type === "Identifier") see(node.name as string);
    for (const [field, child] of Object.entries(node)) {
      if (!field.endsWith("Comments")) visitShown(child, see);
    }
  }
}

function importedName(specifier: Node): string {
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  return specifier.type === "ImportSpecifier" ? nameOf(specifier.imported)! : "default";
}

function nameOf(value: unknown): string | undefined {
  const node = value as Node | undefined;
  if (node?.type === "TSQualifiedName") return nameOf(node.left);
  return node?.type === "Identifier" ? node.name as string : stringOf(node);
}

function stringOf(value: unknown): string | undefined {
  const node = value as Node | undefined;
  if (node?.type === "StringLiteral") return node.value as string;
  // The argument of a type import is a literal type around the string.
  if (node?.type === "TSLiteralType") return stringOf(node.literal);
  return undefined;
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see);
  } else if (typeof value === "object" && value !== null) {
    const node = value as Node;
    if (typeof node.type !== "string") return;
    see(node);
    for (const [field, child] of Object.entries(node)) {
      if (!field.endsWith("Comments")) visit(child, see);
    }
  }
}
