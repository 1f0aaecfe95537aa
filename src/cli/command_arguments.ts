/**
 * The arguments of this process. Called by the name `containerpilot`, through a link, it takes
 * ContainerPilot's flags: those of `piloted containerpilot`.
 *
 * @param argv `process.argv`.
 * @param name The name that the process was called by, where the script has none: a binary.
 * @returns The arguments without program and script.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { commandArguments } from "./command_arguments.ts";
 *
 * assertEquals(commandArguments(["node", "/usr/bin/containerpilot", "-reload"], "node"), [
 *   "containerpilot",
 *   "-reload",
 * ]);
 * ```
 */
export function commandArguments(argv: readonly string[], name: string): readonly string[] {
  const [, script = "", ...args] = argv;
  const isCalledSo = [script, name].some((path) => /(^|\/)containerpilot(\.[a-z]+)?$/.test(path));
  return isCalledSo ? ["containerpilot", ...args] : args;
}
