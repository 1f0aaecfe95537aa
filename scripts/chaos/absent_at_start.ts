/**
 * All of Consul is down when Piloted starts, with and without a snapshot file.
 *
 *     node --import tsx scripts/chaos/absent_at_start.ts
 *
 * Exits with 1 when anything is not as it is specified.
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPiloted, type CreatePilotedOptions, PilotedError } from "../../mod.ts";
import { isMainModule } from "../../src/cli/main_module.ts";
import { startConsul } from "../../tests/support/consul.ts";
import { registerService } from "../../tests/support/consul_services.ts";
import { waitUntil } from "../../tests/support/wait_until.ts";
import { LookupLoad } from "./lookup_load.ts";
import { numberOptions } from "./options.ts";
import { Report } from "./report.ts";

const SERVICE = "web";

export async function runAbsentAtStart(): Promise<Report> {
  const report = new Report();
  const folder = await mkdtemp(join(tmpdir(), "piloted-chaos-"));
  const snapshotFile = join(folder, "snapshot.json");
  await using consul = await startConsul({ persistent: true });
  const options: CreatePilotedOptions = {
    config: { consul: consul.url, watches: [{ name: SERVICE }] },
    signals: false,
    env: {},
  };
  const register = (port: number) =>
    registerService(consul, { Name: SERVICE, ID: "web-1", Address: "10.0.0.1", Port: port });
  try {
    await register(8001);
    const before = await createPiloted({ ...options, snapshotFile });
    await before.close();
    const savedAt = Date.now();
    consul.kill("SIGKILL");
    await consul.ended();

    const refused = await createPiloted(options).then(
      async (piloted) => {
        await piloted.close();
        return "resolves";
      },
      (error) => error instanceof PilotedError ? error.code : String(error),
    );
    expect("no file", refused, "REGISTRY_UNREACHABLE");

    await using background = await createPiloted({ ...options, onStartFailure: "background" });
    const nothing = await background.service(SERVICE).catch((error) => error.code);
    expect("no file, in the background", String(nothing), "NO_ENDPOINTS");

    await writeFile(join(folder, "corrupt.json"), (await readFile(snapshotFile, "utf8")).slice(9));
    const corrupt = await createPiloted({
      ...options,
      snapshotFile: join(folder, "corrupt.json"),
    }).catch((error) => error.code);
    expect("a corrupt file", String(corrupt), "REGISTRY_UNREACHABLE");

    await using restored = await createPiloted({ ...options, snapshotFile });
    const load = new LookupLoad(restored, [SERVICE]);
    const { state, ageMs = NaN } = restored.status(SERVICE);
    expect("with a file: list", `${(await restored.service(SERVICE)).port}`, "8001");
    expect("with a file: state", state, "restored");
    const off = Math.abs(ageMs - (Date.now() - savedAt));
    report.bound("with a file: age is off by", `${off.toFixed(0)} ms`, "2,000 ms", off < 2_000);

    // It comes back, and something has changed meanwhile.
    await consul.start();
    await register(8002);
    const able = performance.now();
    for (const piloted of [restored, background]) {
      await waitUntil(() => piloted.serviceHosts(SERVICE)[0]?.port === 8002, 60_000, 5);
    }
    const late = performance.now() - able;
    report.figure("right after Consul is back", `${late.toFixed(0)} ms`, "within 2,000 ms");
    await waitUntil(() => restored.status(SERVICE).state === "live");
    await load.stop();
    report.bound(
      "lookups failed",
      `${load.failures.length}`,
      `none of ${load.done}`,
      load.failures.length === 0,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return report;

  function expect(what: string, value: string, wanted: string): void {
    report.bound(what, value, wanted, value === wanted);
  }
}

if (isMainModule(import.meta)) {
  numberOptions({});
  (await runAbsentAtStart()).print();
}
