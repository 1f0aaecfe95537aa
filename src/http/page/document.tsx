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
export function Document({ title, root, live = false, children }: {
  title: string;
  /** Relative path to the root of the routes, such as `./`. */
  root: string;
  /** Whether the script keeps the page up to date. */
  live?: boolean;
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
        {live && <script src={root + assetPath("script")} defer data-root={root}></script>}
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        {children}
      </body>
    </html>
  );
}

/** The bar at the top of every page. */
export function Bar({ root, children }: { root: string; children?: Child }): Html {
  return (
    <header class="bar">
      <a class="brand" href={root}>Piloted</a>
      {children}
      <nav aria-label="Pages">
        <a href={`${root}docs`}>API</a>
      </nav>
    </header>
  );
}
