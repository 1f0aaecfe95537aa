/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The page of a service that is not watched.
 *
 * @module
 */
import { closest } from "../../check_options.ts";
import { Bar, Document } from "./document.tsx";
import { formatCount } from "./format.ts";
import type { Html } from "./html.ts";
import { compareNames } from "./trouble.ts";

const MAX_SUGGESTIONS = 5;
const MAX_NAME = 100;
const MAX_COMPARED = 1_000;

/** Says that the service is not watched, and which one may be meant. */
export function NotFoundPage({ name, services, root }: {
  name: string;
  services: readonly string[];
  root: string;
}): Html {
  const suggestions = suggest(name, services);
  const shown = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
  return (
    <Document title="Not watched · Piloted" root={root}>
      <Bar root={root} />
      <main id="main" tabindex={-1}>
        <h1>{shown}</h1>
        <div class="banner bad">
          <p>
            <b>This service is not watched.</b>
            {" Only services in the configuration, or added at run time, can be looked up."}
          </p>
        </div>
        {suggestions.length > 0 && (
          <section class="card" aria-labelledby="suggestions">
            <h2 id="suggestions">Did you mean</h2>
            <ul>
              {suggestions.map((each) => (
                <li>
                  <a href={`${root}services/${encodeURIComponent(each)}`}>{each}</a>
                </li>
              ))}
            </ul>
          </section>
        )}
        <p>
          <a href={root}>{`All ${formatCount(services.length, "service")}`}</a>
        </p>
      </main>
    </Document>
  );
}

/**
 * Names that may be meant: those that contain the other or are contained in it, then those that
 * are spelt alike.
 *
 * @param name What was asked for.
 * @param services Names that are watched.
 * @returns At most five, the likeliest first.
 */
function suggest(name: string, services: readonly string[]): readonly string[] {
  const asked = name.toLowerCase().slice(0, MAX_NAME);
  const isRelated = (service: string) => {
    const known = service.toLowerCase();
    return asked.length >= 2 && (known.includes(asked) || asked.includes(known));
  };
  const best = closest(asked, services);
  const related = services.filter(isRelated).sort((a, b) =>
    Math.abs(a.length - asked.length) - Math.abs(b.length - asked.length) || compareNames(a, b)
  );
  const found = new Set(best === undefined ? related : [best, ...related]);
  // Each comparison takes some time, and with more services there is the search.
  let rest = services.length > MAX_COMPARED ? [] : services.filter((each) => !found.has(each));
  while (found.size < MAX_SUGGESTIONS) {
    const next = closest(asked, rest);
    if (next === undefined) break;
    found.add(next);
    rest = rest.filter((service) => service !== next);
  }
  return [...found].slice(0, MAX_SUGGESTIONS);
}
