/**
 * What the architecture tests need to know of one TypeScript file, read by a real parser.
 */
import { parse } from "@babel/parser";

/** One import, re-export, dynamic import or type import. */
export interface ModuleImport {
  /** What is imported; `undefined` where it is computed at run time. */
  specifier: string | undefined;
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
  const add = (source: unknown) => module.imports.push({ specifier: stringOf(source), line });
  switch (node.type) {
    case "ImportDeclaration":
    case "ImportExpression":
      add(node.source);
      break;
    case "TSImportType":
      add(node.argument);
      break;
    case "ExportNamedDeclaration":
      if (node.source) add(node.source);
      break;
    case "ExportAllDeclaration":
      add(node.source);
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
