/**
 * How the time to render a template grows with its actions, and how it compares with the regular
 * expression that node-piloted fills its configuration with.
 * Exits with 1 when a file of plain fields takes more than five times as long.
 *
 *     deno run -A bench/template.ts
 */
import process from "node:process";
import { renderTemplate } from "../src/template/mod.ts";

/** How many times as long as the regular expression a file of plain fields may take. */
const LIMIT = 5;

const env: Record<string, string> = { HOST: "10.0.0.1", PORT: "8500", NAME: "customers" };
const MIXED = '{{ if .HOST }}{{ .HOST | default "localhost" }}{{ end }}:{{ printf "%s" .PORT }}\n';
const PLAIN = '{ name: "{{ .NAME }}", host: "{{.HOST}}", port: {{ .PORT }} },\n';

/** What piloted 3.2.0 on npm does to a file before it parses it. */
function replaceFields(text: string): string {
  return text.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) => env[name] ?? "");
}

/** The shortest of many runs, in milliseconds: what else the machine does only makes runs longer. */
async function time(run: () => unknown): Promise<number> {
  let best = Infinity;
  const until = performance.now() + 1_000;
  for (let runs = 0; runs < 20 || performance.now() < until; runs++) {
    const start = performance.now();
    await run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

let previous: number | undefined;
for (const actions of [100, 1_000, 10_000]) {
  // An if, a field with a default and a printf.
  const text = MIXED.repeat(Math.ceil(actions / 3));
  const ms = await time(() => renderTemplate(text, { env }));
  const growth = previous === undefined
    ? ""
    : `, ${(ms / previous).toFixed(1)} times the line above`;
  console.log(`${actions} actions: ${ms.toFixed(3)} ms${growth}`);
  previous = ms;
}

for (const actions of [3, 100, 1_000, 10_000]) {
  const text = PLAIN.repeat(Math.ceil(actions / 3));
  const regexp = await time(() => replaceFields(text));
  const ours = await time(() => renderTemplate(text, { env }));
  const ratio = ours / regexp;
  if (ratio > LIMIT) process.exitCode = 1;
  console.log(
    `${actions} plain fields: ${ratio.toFixed(2)} times the regular expression` +
      ` (${ours.toFixed(3)} ms, ${regexp.toFixed(3)} ms)${ratio > LIMIT ? ", OVER THE LIMIT" : ""}`,
  );
}
