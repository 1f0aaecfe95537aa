/**
 * ContainerPilot's control interface over HTTP.
 *
 * | request | does |
 * |---|---|
 * | `POST /v3/environ` | sets variables of processes that start from now on: `{"NAME": "value"}` |
 * | `POST /v3/reload` | reads the configuration again |
 * | `POST /v3/metric` | records metrics: `{"name": 1}` |
 * | `POST /v3/maintenance/enable`, `disable` | enters and leaves maintenance |
 * | `GET /v3/ping` | nothing |
 *
 * Answers are ContainerPilot's: 200 with a line break, 405 for another method, 422 for a body that is
 * not as it should be; here with the reason.
 *
 * @module
 */
import type { FetchHandler } from "../runtime/server.ts";

/** What the control interface does. */
export interface ControlActions {
  /** Sets variables. */
  setVariables(variables: Readonly<Record<string, string>>): void;
  /**
   * Reads the configuration again.
   *
   * @returns Resolves when it is read, before jobs have been replaced.
   * @throws {Error} why it cannot be used; everything goes on as before.
   */
  reload(): Promise<void>;
  /** Enters or leaves maintenance. */
  maintain(on: boolean): void;
  /** Records metrics. */
  record(metrics: Readonly<Record<string, unknown>>): void;
  /** Counts a request. */
  count(path: string, status: number): void;
}

const LARGEST_BODY = 1024 * 1024;

/**
 * Answers the requests.
 *
 * @param actions What they do.
 * @returns The handler.
 */
export function controlRoutes(actions: ControlActions): FetchHandler {
  const routes: Readonly<Record<string, (request: Request) => void | Promise<void>>> = {
    "/v3/environ": async (request) => actions.setVariables(await readVariables(request)),
    "/v3/metric": async (request) => actions.record(await readObject(request)),
    "/v3/reload": () => actions.reload(),
    "/v3/maintenance/enable": () => actions.maintain(true),
    "/v3/maintenance/disable": () => actions.maintain(false),
  };
  return async (request) => {
    const { pathname } = new URL(request.url, "http://control");
    const response = await answer(request, pathname, routes);
    actions.count(pathname, response.status);
    return response;
  };
}

async function answer(
  request: Request,
  path: string,
  routes: Readonly<Record<string, (request: Request) => void | Promise<void>>>,
): Promise<Response> {
  if (path === "/v3/ping") return text("", 200);
  if (!Object.hasOwn(routes, path)) return text("404 page not found", 404);
  if (request.method !== "POST") return text("Method Not Allowed", 405);
  try {
    await routes[path]!(request);
    return text("", 200);
  } catch (error) {
    return text(error instanceof Error ? error.message : String(error), 422);
  }
}

function text(body: string, status: number): Response {
  // A client may be a shell script that waits for the end of the connection.
  const headers = { "content-type": "text/plain; charset=utf-8", connection: "close" };
  return new Response(`${body}\n`, { status, headers });
}

async function readVariables(request: Request): Promise<Record<string, string>> {
  const variables = await readObject(request);
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value !== "string" || value.includes("\0")) {
      throw new Error(`Cannot set ${name}: it must be a string`);
    }
    if (!/^[^=\0]+$/.test(name)) throw new Error("Cannot set a variable: its name is invalid");
  }
  return variables as Record<string, string>;
}

async function readObject(request: Request): Promise<Record<string, unknown>> {
  const body = await request.text();
  if (body.length > LARGEST_BODY) throw new Error("Cannot read the body: it is too long");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Error("Cannot read the body: it must be JSON");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Error("Cannot read the body: it must be an object");
}
