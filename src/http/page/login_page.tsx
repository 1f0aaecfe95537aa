/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * Asks a person for the token.
 *
 * @module
 */
import { Document } from "./document.tsx";
import type { Html } from "./html.ts";

/** A form that takes the token. */
export function LoginPage({ root, refused }: { root: string; refused: boolean }): Html {
  return (
    <Document title="Sign in · Piloted" root={root}>
      <main id="main" class="login" tabindex={-1}>
        <h1>Piloted</h1>
        <form method="post" action={`${root}login`}>
          <label for="token">Token</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            aria-invalid={refused ? "true" : undefined}
            aria-describedby={refused ? "refused" : undefined}
          />
          {refused && <p id="refused" class="refused" role="alert">That is not the token.</p>}
          <button type="submit">Sign in</button>
        </form>
      </main>
    </Document>
  );
}
