/**
 * How the client is asked for.
 *
 * @module
 */
import { Inject } from "@nestjs/common";

/** The token of the client, for `inject` of a provider's factory and for `app.get()`. */
export const PILOTED: unique symbol = Symbol.for("@piloted/core/nestjs");

/**
 * Injects the client into a constructor.
 *
 * @returns A decorator of a parameter or a property.
 *
 * @example
 * ```ts ignore
 * constructor(@InjectPiloted() private readonly piloted: Piloted) {}
 * ```
 */
export function InjectPiloted(): PropertyDecorator & ParameterDecorator {
  return Inject(PILOTED);
}
