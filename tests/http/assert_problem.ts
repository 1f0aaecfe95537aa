/** Checks of every error response. */
import { assertEquals } from "@std/assert";

export async function assertProblem(
  response: Response,
  status: number,
  members: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  assertEquals(response.status, status);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(response.headers.get("cache-control"), "no-store");
  const body = await response.json();
  assertEquals(body.status, status);
  assertEquals(typeof body.title, "string");
  assertEquals(typeof body.detail, "string");
  for (const [key, value] of Object.entries(members)) assertEquals(body[key], value);
  return body;
}
