/**
 * Authentication: a bearer token, or a cookie that the sign-in form sets.
 *
 * @module
 */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { timingSafeEqual } from "hono/utils/buffer";
import type { Clock } from "../clock.ts";
import { clientAddress } from "./client_address.ts";
import { GuessDelay } from "./guess_delay.ts";
import { readBody } from "./limit_body.ts";
import { loginResponse } from "./page/pages.tsx";
import { placeOf } from "./mount_path.ts";
import { problem } from "./routes/problem.ts";
import { hasSession, startSession } from "./session_cookie.ts";

// Liveness probes carry no token, and the sign-in form needs its style sheet.
const OPEN_PATHS = /^\/(health\/live|login|assets\/[a-z]+)$/;

/**
 * Whether a string is a valid bearer token (RFC 6750, section 2.1).
 *
 * @param token The string.
 */
export function isBearerToken(token: string): boolean {
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token);
}

/** Options of {@linkcode addAuth}. */
export interface AuthOptions {
  /** Returns the token. */
  readonly token: () => string;
  /** Clock of sessions and delays. */
  readonly clock: Clock;
  /** Ends delays. */
  readonly stop: AbortSignal | undefined;
}

/**
 * Requires the token on every path except liveness, as a bearer token or as the cookie of the
 * sign-in form, because a browser cannot send a bearer token by itself.
 *
 * @param app The app.
 * @param options The token.
 */
export function addAuth(app: Hono, { token, clock, stop }: AuthOptions): void {
  const guesses = new GuessDelay(clock);
  const check = async (given: string, c: Context): Promise<boolean> => {
    if (await timingSafeEqual(given, token())) return true;
    const { raw } = c.req;
    await guesses.wrong(clientAddress(raw, c.env), raw.signal, stop);
    return false;
  };
  app.use("*", requireToken(check, (c) => hasSession(c, token(), clock)));
  // Where a browser lands that reloads the form after a wrong token.
  app.get("/login", (c) => c.redirect("./", 303));
  app.post("/login", async (c) => {
    const body = await readBody(c.req.raw, clock);
    if (typeof body !== "string") return body;
    const given = new URLSearchParams(body).get("token") ?? "";
    if (!await check(given, c)) return await loginResponse(c, "/login", true);
    await startSession(c, token(), clock);
    return c.redirect("./", 303);
  });
}

function requireToken(
  check: (given: string, c: Context) => Promise<boolean>,
  hasCookie: (c: Context) => Promise<boolean>,
): MiddlewareHandler {
  const reject = (detail: string) => () => problem(401, detail);
  const bearer = bearerAuth({
    verifyToken: check,
    realm: "piloted",
    noAuthenticationHeader: {
      message: reject("Cannot respond without authentication: send Authorization: Bearer <token>"),
    },
    invalidAuthenticationHeader: {
      message: reject("Cannot read the Authorization header: it must be Bearer <token>"),
    },
    invalidToken: { message: reject("Cannot authenticate: the token is wrong") },
  });
  return async (c, next) => {
    if (OPEN_PATHS.test(placeOf(c, "*")?.own ?? "")) return await next();
    if (await hasCookie(c)) return await next();
    if (wantsForm(c)) return await loginResponse(c, "*", false);
    return await bearer(c, next);
  };
}

function wantsForm(c: Context): boolean {
  return c.req.method === "GET" && c.req.header("authorization") === undefined &&
    (c.req.header("accept") ?? "").includes("text/html");
}
