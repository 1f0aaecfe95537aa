/**
 * A module for NestJS: the client as a provider, closed with the application, and a health indicator for
 * `@nestjs/terminus`.
 *
 * ```ts ignore
 * import { Controller, Get, Module } from "@nestjs/common";
 * import { InjectPiloted, PilotedModule } from "@piloted/core/nestjs";
 * import type { Piloted } from "@piloted/core";
 *
 * @Controller("orders")
 * class OrdersController {
 *   constructor(@InjectPiloted() private readonly piloted: Piloted) {}
 *
 *   @Get("database")
 *   database() {
 *     return this.piloted.pick("db").host;
 *   }
 * }
 *
 * @Module({
 *   imports: [PilotedModule.forRoot({ config: "/etc/containerpilot.json5" })],
 *   controllers: [OrdersController],
 * })
 * class AppModule {}
 * ```
 *
 * Call `app.enableShutdownHooks()`, as every module with a shutdown hook needs it.
 *
 * @module
 */
export { InjectPiloted, PILOTED } from "./inject_piloted.ts";
export { PilotedHealthIndicator, type PilotedHealthResult } from "./piloted_health_indicator.ts";
export {
  PilotedModule,
  type PilotedModuleAsyncOptions,
  type PilotedModuleOptions,
} from "./piloted_module.ts";
