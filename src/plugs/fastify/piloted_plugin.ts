/**
 * The client as a part of an application.
 *
 * @module
 */
import { createPiloted, type CreatePilotedOptions } from "../../client/create_piloted.ts";
import type { Piloted } from "../../client/piloted.ts";

/**
 * Options of {@linkcode pilotedPlugin}: a client that the application closes itself, or what
 * `createPiloted()` takes, for a client that is closed with the application.
 */
export type PilotedPluginOptions =
  | { readonly piloted: Piloted }
  | (CreatePilotedOptions & { readonly piloted?: undefined });

/** What is used of a Fastify application. */
export interface FastifyHost {
  /** Adds a property to the application. */
  decorate(name: string, value: unknown): unknown;
  /** Adds a hook that runs when the application closes, after its last request. */
  addHook(name: "onClose", hook: () => Promise<void>): unknown;
}

/**
 * Adds the client to an application as `fastify.piloted`. With a configuration in place of a client it
 * creates one, waits for the first lists as `createPiloted()` does, and closes it after the last request.
 * TypeScript learns of the property from `declare module "fastify" { interface FastifyInstance {
 * piloted: Piloted } }` in the application, since a library may not declare it for all others.
 *
 * @param app The application. The property is visible in all of it, not in this context alone.
 * @param options The client, or what `createPiloted()` takes. @default {the file in $CONTAINERPILOT}
 * @throws {TypeError} when `piloted` is no client or an option is invalid, by failing the start.
 *
 * @example
 * ```ts ignore
 * const app = Fastify();
 * await app.register(pilotedPlugin, { config: { consul: "localhost:8500", watches: [{ name: "db" }] } });
 * app.get("/db", () => app.piloted.pick("db").host);
 * ```
 */
export async function pilotedPlugin(
  app: FastifyHost,
  options: PilotedPluginOptions = {},
): Promise<void> {
  const { piloted: given, ...rest } = options;
  if (given !== undefined && typeof given?.acquire !== "function") {
    throw new TypeError(
      "Cannot use option piloted of pilotedPlugin(): it must be a client made by createPiloted()",
    );
  }
  const piloted = given ?? await createPiloted(rest as CreatePilotedOptions);
  app.decorate("piloted", piloted);
  if (given === undefined) app.addHook("onClose", () => piloted.close());
}

// Fastify reads these: its own context would hide the property from the rest of the application.
Object.assign(pilotedPlugin, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@piloted/core",
});
