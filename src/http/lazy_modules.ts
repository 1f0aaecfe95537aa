/**
 * Modules that only some requests need, with libraries larger than all routes together.
 *
 * @module
 */
import { loadModule } from "../load_module.ts";

type Prometheus = typeof import("./metrics/prometheus.ts");
type OpenApi = typeof import("./routes/openapi.ts");

let prometheus: Prometheus | undefined;
let openApi: OpenApi | undefined;

/** Loads the metrics, the first time from disk. */
export async function loadPrometheus(): Promise<Prometheus> {
  return prometheus ??= await loadModule(() => import("./metrics/prometheus.ts"));
}

/** Loads the OpenAPI document, the first time from disk. */
export async function loadOpenApi(): Promise<OpenApi> {
  return openApi ??= await loadModule(() => import("./routes/openapi.ts"));
}

/**
 * Loads all of them. Programs call it at start: Node 20 never retries an import that failed, so that
 * a lack of file descriptors during the first request to `/metrics` would break it for ever.
 */
export async function loadAllModules(): Promise<void> {
  await Promise.all([loadPrometheus(), loadOpenApi()]);
}
