import type { ConfigObject } from "./config_object.ts";

/**
 * The names of the services that a configuration watches: those of `watches` and `backends` of an
 * object whose type has them as literals, `string` for a path, a URL, a loaded `Config` and a name
 * with a template in it.
 *
 * @example
 * ```ts
 * import type { ServiceNames } from "./service_names.ts";
 *
 * const config = { consul: "consul:8500", watches: [{ name: "customers" }] } as const;
 * const name: ServiceNames<typeof config> = "customers";
 * ```
 */
export type ServiceNames<Input> = Input extends ConfigObject<infer Name> ? Rendered<Name> : string;

/** A name as it is known before templates are rendered: `string` if there is one in it. */
export type Rendered<Name extends string> = Name extends `${string}{{${string}` ? string : Name;
