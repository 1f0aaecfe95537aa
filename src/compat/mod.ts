/**
 * The interface of node-piloted (npm `piloted` 3) on this package's client, for programs that were
 * written for it. Only the import changes:
 *
 * ```ts
 * import piloted from "@piloted/core/compat";
 * import { EmbeddedConsul } from "@piloted/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const consul = new EmbeddedConsul();
 * consul.register({ name: "customers", address: "10.0.0.1", port: 8080 });
 * const agent = await consul.listen();
 * const address = agent.url.replace("http://", "");
 * await piloted.config({ consul: address, watches: [{ name: "customers" }] });
 * assertEquals(piloted.service("customers"), { address: "10.0.0.1", port: 8080 });
 * await piloted.close();
 * await consul.close();
 * ```
 *
 * `docs/migration.md` lists what differs. New programs use `@piloted/core`.
 *
 * @module
 */
import { CompatPiloted } from "./compat_piloted.ts";

export { type CompatConfig, CompatPiloted, type CompatService } from "./compat_piloted.ts";

/** The one client of a program, as node-piloted exports it. It does nothing before its first call. */
const piloted: CompatPiloted = new CompatPiloted();

export default piloted;
