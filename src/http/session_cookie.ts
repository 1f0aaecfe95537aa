/**
 * The cookie of the sign-in form: a random number and a time, signed with the token. The server keeps
 * nothing, so a session is the same for every instance of the service, and ends when the token changes.
 *
 * @module
 */
import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import type { Clock } from "../clock.ts";

const COOKIE = "piloted_session";
/** How long a session lasts, in milliseconds. */
const SESSION_MS = 12 * 60 * 60 * 1_000;

/**
 * Starts a session.
 *
 * @param c The request.
 * @param token The token, which the cookie does not contain.
 * @param clock Clock of the session.
 */
export async function startSession(c: Context, token: string, clock: Clock): Promise<void> {
  const value = `${crypto.randomUUID()}.${Math.floor(clock.now()) + SESSION_MS}`;
  await setSignedCookie(c, COOKIE, value, token, {
    httpOnly: true,
    sameSite: "Strict",
    secure: new URL(c.req.url).protocol === "https:",
    path: "/",
    maxAge: SESSION_MS / 1_000,
  });
}

/**
 * Whether a request belongs to a session that has not ended.
 *
 * @param c The request.
 * @param token The token.
 * @param clock Clock of the session.
 */
export async function hasSession(c: Context, token: string, clock: Clock): Promise<boolean> {
  const value = await getSignedCookie(c, token, COOKIE);
  if (typeof value !== "string") return false;
  const [, end] = /^[0-9a-f-]{36}\.([0-9]{1,15})$/.exec(value) ?? [];
  return end !== undefined && clock.now() < Number(end);
}
