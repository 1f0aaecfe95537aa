/**
 * The complete lookup service: routes, dashboard, authentication and HTTP details.
 *
 * @module
 */
import { Hono, type MiddlewareHandler } from "hono";
import { getRuntimeKey } from "hono/adapter";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { timeout } from "hono/timeout";
import { systemClock } from "../clock.ts";
import { accessLog } from "./access_log.ts";
import { addAuth } from "./auth.ts";
import { addHostCheck, HostCheck } from "./host_check.ts";
import { limitBody } from "./limit_body.ts";
import type { LookupClient } from "./lookup_client.ts";
import { addTrailingSlash } from "./mount_path.ts";
import { checkServiceArguments, checkToken, type ServiceOptions } from "./options.ts";
import { addPages, PAGE_PATHS } from "./page/pages.tsx";
import { addNotFound } from "./routes/add_operation.ts";
import { addRoutes } from "./routes/add_routes.ts";
import { addFastEndpoint } from "./routes/fast_endpoint.ts";
import { OPERATIONS } from "./routes/operations.ts";
import { errorResponse, problem } from "./routes/problem.ts";

const SECURITY_HEADERS = secureHeaders({
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
  // The proxy that terminates TLS decides about HSTS.
  strictTransportSecurity: false,
  crossOriginResourcePolicy: false,
});

const REFRESH_TIMEOUT_MS = 30_000;
// Compression would buffer event streams, and one endpoint is too short to gain from it.
const COMPRESSED_PATHS: readonly string[] = [
  OPERATIONS.services.path,
  OPERATIONS.service.path,
  OPERATIONS.status.path,
  OPERATIONS.metrics.path,
  OPERATIONS.openapi.path,
  ...PAGE_PATHS,
];

const compressAlways = compress();

// Most programs on the same network accept no encoding; they skip the middleware's work.
const compressIfAccepted: MiddlewareHandler = (c, next) =>
  c.req.header("accept-encoding") === undefined ? next() : compressAlways(c, next);

/**
 * Creates the complete lookup service: the routes of `routes()`, a dashboard at `/`, API
 * documentation at `/docs`, and optionally authentication, CORS and an access log.
 *
 * @param piloted The client to look up with. The app does not close it.
 * @param options Options.
 * @returns The app.
 * @throws {TypeError} when the client is none, an option is unknown or of the wrong type, or the
 * token cannot be sent as a bearer token.
 * @throws {RangeError} when `heartbeatMs` is below 1.
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
  checkServiceArguments(piloted, options);
  const { token, accessLog: write, cors: origins = [], allowedHosts = [] } = options;
  const { clock = systemClock, onError } = options;
  const app = new Hono();
  if (write !== undefined) app.use("*", requestId(), accessLog(write));
  const hosts = new HostCheck(allowedHosts);
  app.use(allowedHosts.length > 0 ? "*" : OPERATIONS.refresh.path, hosts.middleware);
  if (origins.length > 0) {
    const exposeHeaders = ["etag", "piloted-index", "piloted-state", "retry-after"];
    app.use("/v1/*", cors({ origin: [...origins], exposeHeaders }));
  }
  // Only pages need headers that protect what a browser displays.
  for (const path of [...PAGE_PATHS, "/login"]) app.use(path, SECURITY_HEADERS);
  // workerd compresses responses itself; compressing here as well would do it twice.
  if (getRuntimeKey() !== "workerd") {
    for (const path of COMPRESSED_PATHS) app.use(path, compressIfAccepted);
  }
  if (token !== undefined) {
    const current = () => checkToken(typeof token === "string" ? token : token());
    addAuth(app, { token: current, clock, stop: options.signal });
  }
  app.use(OPERATIONS.refresh.path, limitBody(clock), timeout(REFRESH_TIMEOUT_MS));
  const { events, picks, pickAtOnce } = addRoutes(app, piloted, options);
  addPages(app, {
    piloted,
    events,
    picks,
    clock,
    fetchMetrics: options.fetchMetrics,
    needsToken: token !== undefined,
  });
  addTrailingSlash(app);
  addNotFound(app);
  const hasMiddleware = token !== undefined || write !== undefined || origins.length > 0;
  addHostCheck(app, hosts, write);
  if (!hasMiddleware) addFastEndpoint(app, piloted.services, pickAtOnce, hosts);
  app.onError((error, c) => {
    if (!(error instanceof HTTPException)) return errorResponse(error, c.req.raw, onError);
    const response = error.getResponse();
    const isProblem = response.headers.get("content-type") === "application/problem+json";
    return isProblem ? response : problem(error.status, `Cannot respond: ${error.message}`);
  });
  return app;
}
