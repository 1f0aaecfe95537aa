/**
 * The lookup service as an operator puts it on the network.
 *
 * @module
 */
import { Hono, type MiddlewareHandler } from "hono";
import { getRuntimeKey } from "hono/adapter";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { timeout } from "hono/timeout";
import { systemClock } from "../clock.ts";
import { accessLog, type AccessLogEntry } from "./access_log.ts";
import { addAuth, isBearerToken } from "./auth.ts";
import type { LookupClient } from "./lookup_client.ts";
import { OPERATIONS } from "./routes/operations.ts";
import { addPages, PAGE_PATHS } from "./page/pages.tsx";
import { problem } from "./routes/problem.ts";
import { addNotFound } from "./routes/add_operation.ts";
import { addRoutes, type RoutesOptions } from "./routes.ts";
import { addFastEndpoint } from "./routes/fast_endpoint.ts";

/** Options of {@linkcode service}. */
export interface ServiceOptions extends RoutesOptions {
  /** Who has this token may ask; without one everybody may. @default {undefined} */
  token?: string;
  /** Origins whose pages may read the answers. @default {[]} */
  cors?: readonly string[];
  /** Takes an entry for each request, and turns request ids on. @default {undefined} */
  accessLog?: (entry: AccessLogEntry) => void;
}

const SECURITY = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
  xFrameOptions: "DENY",
  // Whether it is served over TLS is for whoever stands before it to know and to say.
  strictTransportSecurity: false,
  crossOriginResourcePolicy: false,
});

const REFRESH_TIMEOUT_MS = 30_000;
const LONGEST_BODY = 4_096;
// Streams must not be collected, and the next endpoint is too short to be worth it.
const COMPRESSED: readonly string[] = [
  OPERATIONS.services.path,
  OPERATIONS.service.path,
  OPERATIONS.status.path,
  OPERATIONS.metrics.path,
  OPERATIONS.openapi.path,
  ...PAGE_PATHS,
];

const compressing = compress();

// Whoever takes nothing compressed, as most programs on the same network, does not pay for it.
const compressOnDemand: MiddlewareHandler = (c, next) =>
  c.req.header("accept-encoding") === undefined ? next() : compressing(c, next);

/**
 * Makes the whole lookup service: the routes of `routes()`, a page at `/`, their description at
 * `/docs`, and around them what a service on a network needs.
 *
 * @param piloted The client that answers. It is not closed by the app.
 * @param options How.
 * @returns The app.
 * @throws {TypeError} when the token has a character that no bearer token can have.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createPiloted } from "@piloted/core";
 * import { service } from "@piloted/core/hono";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 *
 * await using consul = new EmbeddedConsul();
 * await using piloted = await createPiloted({
 *   config: { consul: "consul:8500", watches: [{ name: "customers", interval: 10 }] },
 *   fetch: consul.fetch,
 * });
 * const app = service(piloted, { token: "a-long-secret" });
 * assertEquals((await app.request("/v1/services")).status, 401);
 * const headers = { authorization: "Bearer a-long-secret" };
 * assertEquals((await app.request("/v1/services", { headers })).status, 200);
 * ```
 */
export function service(piloted: LookupClient, options: ServiceOptions = {}): Hono {
  const { token, accessLog: write, cors: origins = [], clock = systemClock } = options;
  const app = new Hono();
  if (write !== undefined) app.use("*", requestId(), accessLog(write));
  if (origins.length > 0) {
    const exposeHeaders = ["etag", "piloted-index", "piloted-state", "retry-after"];
    app.use("/v1/*", cors({ origin: [...origins], exposeHeaders }));
  }
  // What only a browser that shows an answer would heed is on the pages.
  for (const path of [...PAGE_PATHS, "/login"]) app.use(path, SECURITY);
  // workerd compresses by itself, and would do it a second time.
  if (getRuntimeKey() !== "workerd") {
    for (const path of COMPRESSED) app.use(path, compressOnDemand);
  }
  if (token !== undefined) {
    if (!isBearerToken(token)) {
      throw new TypeError("Cannot use the token: letters, digits and ._~+/-= only, and not empty");
    }
    addAuth(app, token);
  }
  app.use(
    OPERATIONS.refresh.path,
    bodyLimit({ maxSize: LONGEST_BODY }),
    timeout(REFRESH_TIMEOUT_MS),
  );
  const { log, served, shortcut } = addRoutes(app, piloted, options);
  addPages(app, { piloted, log, served, now: () => clock.now() });
  addNotFound(app);
  const isPlain = token === undefined && write === undefined && origins.length === 0;
  if (isPlain) addFastEndpoint(app, piloted.services, shortcut);
  app.onError((error) => {
    if (!(error instanceof HTTPException)) {
      return problem(500, "Cannot answer: an unexpected error");
    }
    const response = error.getResponse();
    const isProblem = response.headers.get("content-type") === "application/problem+json";
    return isProblem ? response : problem(error.status, `Cannot answer: ${error.message}`);
  });
  return app;
}
