/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The sign-in form.
 *
 * @module
 */
import { Document } from "./document.tsx";
import type { Html } from "./html.ts";

/** A form for the token. */
export function LoginPage({ root, rejected }: { root: string; rejected: boolean }): Html {
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
            aria-invalid={rejected ? "true" : undefined}
            aria-describedby={rejected ? "rejected" : undefined}
          />
          {rejected && <p id="rejected" class="rejected" role="alert">Wrong token.</p>}
          <button type="submit">Sign in</button>
        </form>
      </main>
    </Document>
  );
}
