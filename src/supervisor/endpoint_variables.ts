import type { Endpoint } from "../endpoint.ts";

/**
 * Environment variables with the endpoints of a service, for programs that read them at start.
 *
 * @param service Name of the service.
 * @param endpoints Its endpoints.
 * @returns `PILOTED_{SERVICE}_HOST` and `_PORT` of the first endpoint, and `_HOSTS` with
 * `address:port` of all, separated by commas. The name is in upper case, with `_` for everything but
 * letters and digits. Without endpoints `_HOSTS` is empty and the others are missing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { endpointVariables } from "./endpoint_variables.ts";
 *
 * assertEquals(endpointVariables("order-db", []), { PILOTED_ORDER_DB_HOSTS: "" });
 * ```
 */
export function endpointVariables(
  service: string,
  endpoints: readonly Endpoint[],
): Record<string, string> {
  const prefix = `PILOTED_${service.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_")}`;
  const [first] = endpoints;
  return {
    ...first && { [`${prefix}_HOST`]: first.address, [`${prefix}_PORT`]: String(first.port) },
    [`${prefix}_HOSTS`]: endpoints.map(({ host }) => host).join(","),
  };
}
