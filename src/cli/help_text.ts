/**
 * Texts that are appended to `--help`.
 *
 * @module
 */
import { EXIT_CODES } from "./exit_codes.ts";

/** Examples by command. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  lookup: [
    "curl http://$(piloted lookup customers)/health",
    "piloted lookup --all --json customers | jq -r .host",
    "piloted lookup --consul consul:8500 --tag primary db",
  ],
  watch: [
    "piloted watch",
    "piloted watch customers orders",
    'piloted watch customers | jq -c ".endpoints[].host"',
  ],
  wait: [
    "piloted wait --timeout 30s db queue",
    "piloted wait --count 2 customers -- node server.js",
    'piloted wait db -- sh -c \'psql -h "$PILOTED_DB_HOST" -p "$PILOTED_DB_PORT"\'',
  ],
  check: ["piloted check /etc/containerpilot.json5", "piloted check --strict --offline"],
  render: [
    "piloted render /etc/containerpilot.json5",
    "piloted render -o /run/app.json5 app.json5",
  ],
  register: [
    "piloted register web --port 8080 --check-http http://127.0.0.1:8080/health",
    "piloted register db --port 5432 --tag primary --check-cmd pg_isready --interval 5s",
  ],
  exec: [
    "piloted exec /etc/containerpilot.json5",
    "piloted exec --main app",
    "piloted exec --on-change SIGUSR2 -- node server.js",
  ],
  serve: ["piloted serve --dev", "piloted serve --config /etc/containerpilot.json5 --port 8080"],
};

/**
 * Examples of a command, as an indented list.
 *
 * @param name Name of the command.
 * @returns The text; `""` when there are none.
 */
export function examplesText(name: string): string {
  const lines = EXAMPLES[name] ?? [];
  if (lines.length === 0) return "";
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

/**
 * The table of exit codes.
 *
 * @returns The text.
 */
export function exitCodesText(): string {
  const lines = EXIT_CODES.map(([code, meaning]) => `  ${code.padEnd(6)} ${meaning}`);
  return `\nExit codes:\n${lines.join("\n")}`;
}
