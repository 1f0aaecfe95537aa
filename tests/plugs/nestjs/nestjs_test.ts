import "reflect-metadata";
import { Inject, Injectable, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { HealthCheckService, TerminusModule } from "@nestjs/terminus";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Piloted } from "../../../src/client/piloted.ts";
import { PilotedError } from "../../../src/errors.ts";
import {
  InjectPiloted,
  PILOTED,
  PilotedHealthIndicator,
  PilotedModule,
} from "../../../src/plugs/nestjs/mod.ts";
import { EmbeddedConsul } from "../../../src/testing/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";

type Imports = NonNullable<Parameters<typeof Module>[0]["imports"]>;

const SETTINGS = Symbol("settings");

/** What `@Injectable()` and `@InjectPiloted()` above a class do, without the syntax. */
class Orders {
  constructor(readonly piloted: Piloted) {}
  database(): string {
    return this.piloted.pick("db").host;
  }
}
Injectable()(Orders);
InjectPiloted()(Orders, undefined, 0);

function moduleWith(imports: Imports, providers: (typeof Orders)[] = [Orders]) {
  class AppModule {}
  Module({ imports, providers })(AppModule);
  return AppModule;
}

async function withConsul(run: (consul: EmbeddedConsul, options: object) => Promise<void>) {
  const consul = new EmbeddedConsul();
  consul.register({ name: "db", id: "a", address: "10.0.0.1", port: 5432 });
  try {
    await run(consul, {
      config: { consul: "127.0.0.1:8500", watches: [{ name: "db" }] },
      fetch: consul.fetch,
      signals: false,
      minIntervalMs: 1,
      emptyPolicy: "accept",
    });
  } finally {
    await consul.close();
  }
}

const start = (module: object) =>
  NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });

test("PilotedModule.forRoot() injects a client and closes it when the application shuts down", () =>
  withConsul(async (_, options) => {
    // Global: the module of the provider does not import it.
    const app = await start(moduleWith([PilotedModule.forRoot(options), moduleWith([])], []));
    const piloted = app.get<Piloted>(PILOTED);
    assertEquals(app.get(Orders, { strict: false }).database(), "10.0.0.1:5432");
    await app.close();
    assertEquals(piloted.status().state, "closed");
  }));

test("PilotedModule.forRoot() leaves a client open that it was given, and fails the start otherwise", () =>
  withConsul(async (_, options) => {
    const own = await start(moduleWith([PilotedModule.forRoot(options)]));
    const piloted = own.get<Piloted>(PILOTED);
    const app = await start(moduleWith([PilotedModule.forRoot({ piloted })]));
    assertEquals(app.get(Orders).database(), "10.0.0.1:5432");
    await app.close();
    assertEquals(piloted.status().state, "ready");
    await own.close();
    await assertRejects(
      () => start(moduleWith([PilotedModule.forRoot({ piloted: {} as Piloted })])),
      TypeError,
      "option piloted of PilotedModule",
    );
    await assertRejects(
      () => start(moduleWith([PilotedModule.forRoot({ ...options, balancr: 1 } as object)])),
      TypeError,
      "Did you mean balancer?",
    );
    // Without `global` only modules that import it see the client.
    const local = moduleWith([
      PilotedModule.forRoot(options, { global: false }),
      moduleWith([]),
    ], []);
    await assertRejects(() => start(local), Error, "Orders");
  }));

test("PilotedModule.forRootAsync() takes its options from other providers", () =>
  withConsul(async (_, options) => {
    class SettingsModule {}
    Module({ providers: [{ provide: SETTINGS, useValue: options }], exports: [SETTINGS] })(
      SettingsModule,
    );
    const module = PilotedModule.forRootAsync({
      imports: [SettingsModule],
      inject: [SETTINGS],
      useFactory: (settings: object) => Promise.resolve(settings),
    });
    const app = await start(moduleWith([module]));
    assertEquals(app.get(Orders).database(), "10.0.0.1:5432");
    await app.close();
    assertThrows(
      () => PilotedModule.forRootAsync({ useFactory: {} as () => object }),
      TypeError,
      "option useFactory",
    );
  }));

test("PilotedHealthIndicator is up while lookups can be answered, and names what is missing", () =>
  withConsul(async (consul, options) => {
    class Health {
      constructor(readonly health: HealthCheckService, readonly piloted: PilotedHealthIndicator) {}
      check(services: string[] = []) {
        return this.health.check([() => this.piloted.isHealthy("discovery", services)]).then(
          ({ details }) => details["discovery"]!,
          (error) => error.getResponse().details.discovery,
        );
      }
    }
    Injectable()(Health);
    Inject(HealthCheckService)(Health, undefined, 0);
    Inject(PilotedHealthIndicator)(Health, undefined, 1);
    class HealthModule {}
    Module({
      imports: [TerminusModule.forRoot({ logger: false }), PilotedModule.forRoot(options)],
      providers: [Health],
    })(HealthModule);
    const app = await start(HealthModule);
    const health = app.get(Health);
    assertEquals(await health.check(["DB"]), { status: "up", state: "ready" });
    consul.deregister("a");
    const piloted = app.get<Piloted>(PILOTED);
    await waitUntil(() => piloted.serviceHosts("db").length === 0);
    // An empty list is a list.
    assertEquals(await health.check(), { status: "up", state: "ready" });
    const down = await health.check(["db"]);
    assertEquals([down.status, down.missing], ["down", {
      db: { state: "live", reason: "no endpoint is listed" },
    }]);
    assertThrows(() => app.get(PilotedHealthIndicator).isHealthy("x", ["orders"]), PilotedError);
    await piloted.close();
    assertEquals(await health.check(), { status: "down", state: "closed" });
    await app.close();
  }));
