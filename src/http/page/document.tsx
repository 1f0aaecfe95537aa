/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The frame of all pages.
 *
 * @module
 */
import type { Child } from "hono/jsx";
import { assetPath } from "./assets.ts";
import type { Html } from "./html.ts";

/** A whole page. */
export function Document({ title, root, live = false, service, children }: {
  title: string;
  /** Relative path to the root of the routes, such as `./`. */
  root: string;
  /** Whether the script keeps the page up to date. */
  live?: boolean;
  /** The service whose events it follows; all services where left out. */
  service?: string | undefined;
  children?: Child;
}): Html {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href={root + assetPath("icon")} type="image/svg+xml" />
        <link rel="stylesheet" href={root + assetPath("style")} />
        {live && (
          <script
            src={root + assetPath("script")}
            defer
            data-root={root}
            data-service={service}
          >
          </script>
        )}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        {children}
      </body>
    </html>
  );
}

/** The bar at the top of every page. */
export function Bar({ root, now }: { root: string; now?: number }): Html {
  return (
    <header class="bar">
      <a class="brand" href={root}>Piloted</a>
      {now !== undefined && (
        <p id="connection" role="status" data-kind="static">
          As of{" "}
          <time datetime={new Date(now).toISOString()}>
            {`${new Date(now).toISOString().slice(11, 19)} UTC`}
          </time>
        </p>
      )}
      <nav aria-label="Pages">
        <a href={`${root}docs`}>API</a>
      </nav>
    </header>
  );
}
