/**
 * The module.
 *
 * @module
 */
import type {
  DynamicModule,
  FactoryProvider,
  ModuleMetadata,
  OnApplicationShutdown,
  Provider,
} from "@nestjs/common";
import { createPiloted, type CreatePilotedOptions } from "../../client/create_piloted.ts";
import type { Piloted } from "../../client/piloted.ts";
import { PILOTED } from "./inject_piloted.ts";
import { PilotedHealthIndicator } from "./piloted_health_indicator.ts";

/**
 * Options of the module: a client that the application closes itself, or what `createPiloted()` takes,
 * for a client that is closed with the application.
 */
export type PilotedModuleOptions =
  | { readonly piloted: Piloted }
  | (CreatePilotedOptions & { readonly piloted?: undefined });

/** Options that another provider decides. */
export interface PilotedModuleAsyncOptions extends Pick<ModuleMetadata, "imports"> {
  /** Returns the options. */
  readonly useFactory: (
    ...dependencies: never[]
  ) => PilotedModuleOptions | Promise<PilotedModuleOptions>;
  /** Tokens of what the factory is called with. @default {[]} */
  readonly inject?: FactoryProvider["inject"];
  /** Whether all modules see the client without importing this one. @default {true} */
  readonly global?: boolean | undefined;
}

/** What the module holds: the client, and whether it is closed with the application. */
class Held implements OnApplicationShutdown {
  readonly piloted: Piloted;
  readonly #isOwn: boolean;

  constructor(piloted: Piloted, isOwn: boolean) {
    this.piloted = piloted;
    this.#isOwn = isOwn;
  }

  // After the HTTP server has closed: the last requests still find their endpoints.
  async onApplicationShutdown(): Promise<void> {
    if (this.#isOwn) await this.piloted.close();
  }
}

const HELD = Symbol("held");
const OPTIONS = Symbol("options");

/** Provides the client as `PILOTED`, and the {@linkcode PilotedHealthIndicator}. */
export class PilotedModule {
  /**
   * The module with a client of its own, or with one that is given. The application starts when each
   * service has been read once, as `createPiloted()` waits.
   *
   * @param options The client, or what `createPiloted()` takes. @default {the file in $CONTAINERPILOT}
   * @param scope Whether all modules see the client without importing this one. @default {global}
   * @returns A module for `imports`. Its start fails with the errors of `createPiloted()`.
   */
  static forRoot(
    options: PilotedModuleOptions = {},
    { global = true }: { readonly global?: boolean | undefined } = {},
  ): DynamicModule {
    return moduleOf({ provide: OPTIONS, useValue: options }, [], global);
  }

  /**
   * The same with options that other providers decide, such as a configuration service.
   *
   * @param options The factory, and what it is called with.
   * @returns A module for `imports`.
   */
  static forRootAsync(options: PilotedModuleAsyncOptions): DynamicModule {
    const { useFactory, inject = [], imports = [], global = true } = options;
    if (typeof useFactory !== "function") {
      throw new TypeError(
        "Cannot use option useFactory of PilotedModule.forRootAsync(): it must be a function, received " +
          typeof useFactory,
      );
    }
    const factory = useFactory as (...dependencies: unknown[]) => unknown;
    return moduleOf({ provide: OPTIONS, useFactory: factory, inject }, imports, global);
  }
}

function moduleOf(
  options: Provider,
  imports: ModuleMetadata["imports"],
  global: boolean,
): DynamicModule {
  return {
    module: PilotedModule,
    global,
    imports: imports ?? [],
    providers: [
      options,
      { provide: HELD, useFactory: hold, inject: [OPTIONS] },
      { provide: PILOTED, useFactory: ({ piloted }: Held) => piloted, inject: [HELD] },
      {
        provide: PilotedHealthIndicator,
        useFactory: (piloted: Piloted) => new PilotedHealthIndicator(piloted),
        inject: [PILOTED],
      },
    ],
    exports: [PILOTED, PilotedHealthIndicator],
  };
}

async function hold({ piloted, ...options }: PilotedModuleOptions): Promise<Held> {
  if (piloted === undefined) {
    return new Held(await createPiloted(options as CreatePilotedOptions), true);
  }
  if (typeof piloted?.acquire === "function") return new Held(piloted, false);
  throw new TypeError(
    "Cannot use option piloted of PilotedModule: it must be a client made by createPiloted()",
  );
}
