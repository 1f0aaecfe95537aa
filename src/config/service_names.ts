import type { ConfigObject } from "./config_object.ts";

/**
 * The names that an application looks up: `as`, else `name`, of `watches` and `backends` of an
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
export type ServiceNames<Input> = Input extends ConfigObject<infer Watch> ? NamesOf<Watch>
  : string;

/** The names that watches are looked up by; `string` without any, or where one has a pattern. */
export type NamesOf<Watch> = [Watch] extends [never] ? string
  : Watch extends { readonly pattern: string } ? string
  : Watch extends { readonly as: infer Name extends string } ? Rendered<Name>
  : Watch extends { readonly as?: infer Name } ? (
      string extends Name ? string
        : Watch extends { readonly name: infer Own extends string } ? Rendered<Own>
        : string
    )
  : Watch extends { readonly name: infer Name extends string } ? Rendered<Name>
  : string;

/** A name as it is known before templates are rendered: `string` if there is one in it. */
export type Rendered<Name extends string> = Name extends `${string}{{${string}` ? string : Name;
