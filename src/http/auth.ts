/**
 * Authentication: a bearer token, or a cookie that the sign-in form sets.
 *
 * @module
 */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import { timingSafeEqual } from "hono/utils/buffer";
import { limitBody } from "./limit_body.ts";
import { loginResponse } from "./page/pages.tsx";
import { problem } from "./routes/problem.ts";

const COOKIE = "piloted_session";
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

/**
 * Requires the token on every path except liveness, as a bearer token or as the cookie of the
 * sign-in form, because a browser cannot send a bearer token by itself.
 *
 * @param app The app.
 * @param token The token.
 */
export function addAuth(app: Hono, token: string): void {
  app.use("*", requireToken(token));
  app.post("/login", limitBody(), async (c) => {
    const { token: given } = await c.req.parseBody();
    const isRight = typeof given === "string" && await timingSafeEqual(given, token);
    if (!isRight) return await loginResponse(c, true);
    // The cookie does not contain the token: the token is only the key of its signature.
    await setSignedCookie(c, COOKIE, "1", token, {
      httpOnly: true,
      sameSite: "Strict",
      secure: new URL(c.req.url).protocol === "https:",
      path: "/",
    });
    return c.redirect("./", 303);
  });
}

function requireToken(token: string): MiddlewareHandler {
  const reject = (detail: string) => () => problem(401, detail);
  const bearer = bearerAuth({
    token,
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
    if (OPEN_PATHS.test(c.req.path)) return await next();
    if (await getSignedCookie(c, token, COOKIE) === "1") return await next();
    if (wantsForm(c)) return await loginResponse(c, false);
    return await bearer(c, next);
  };
}

function wantsForm(c: Context): boolean {
  return c.req.method === "GET" && c.req.header("authorization") === undefined &&
    (c.req.header("accept") ?? "").includes("text/html");
}
