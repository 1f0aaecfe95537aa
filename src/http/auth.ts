/**
 * Who may ask.
 *
 * @module
 */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import { timingSafeEqual } from "hono/utils/buffer";
import { loginResponse } from "./page/pages.tsx";
import { problem } from "./routes/problem.ts";

const COOKIE = "piloted_session";
const LONGEST_FORM = 4_096;
// Whoever runs the process must see that it lives, and the form needs its looks.
const OPEN_PATHS = /^\/(health\/live|login|assets\/[a-z]+)$/;

/**
 * Whether a text can be a bearer token: RFC 6750 lets these characters through and no others.
 *
 * @param token The text.
 * @returns `true` when it can.
 */
export function isBearerToken(token: string): boolean {
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token);
}

/**
 * Lets only those in who have the token: as a bearer, or in a cookie that the form sets, because a
 * browser sends no bearer by itself.
 *
 * @param app The app; everything but liveness is closed.
 * @param token The token.
 */
export function addAuth(app: Hono, token: string): void {
  app.use("*", requireToken(token));
  app.post("/login", bodyLimit({ maxSize: LONGEST_FORM }), async (c) => {
    const { token: given } = await c.req.parseBody();
    const right = typeof given === "string" && await timingSafeEqual(given, token);
    if (!right) return await loginResponse(c, true);
    // The token itself never leaves: it only signs.
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
  const refuse = (detail: string) => () => problem(401, detail);
  const bearer = bearerAuth({
    token,
    realm: "piloted",
    noAuthenticationHeader: { message: refuse("Cannot answer without a token") },
    invalidAuthenticationHeader: { message: refuse("Cannot read the Authorization header") },
    invalidToken: { message: refuse("Cannot answer: the token is not the right one") },
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
