/**
 * 10,000 SIGHUPs in 10 seconds: a process that looks services up gets one after the other.
 *
 *     node --import tsx scripts/chaos/sighups.ts [--signals 10000] [--seconds 10]
 *
 * Exits with 1 when a lookup failed, when more than two refreshes were under way or waiting at a
 * time, or when a change before the last signal was not seen.
 *
 * @module
 */
import process from "node:process";
import { isMainModule } from "../../src/cli/main_module.ts";
import { startConsul } from "../../tests/support/consul.ts";
import { registerService } from "../../tests/support/consul_services.ts";
import { currentRuntime, startScript } from "../../tests/support/process.ts";
import { numberOptions } from "./options.ts";
import { Report } from "./report.ts";

export interface SighupsOptions {
  /** How many signals. */
  signals: number;
  /** Over how many seconds. */
  seconds: number;
}

/** What the process under fire has counted. */
export interface SighupCounts {
  lookups: number;
  failed: number;
  refreshes: number;
  /** Most questions for one service that were under way at a time because of refreshes. */
  most: number;
}

export async function runSighups({ signals, seconds }: SighupsOptions): Promise<Report> {
  await using consul = await startConsul();
  const register = (port: number) =>
    registerService(consul, { Name: "app", ID: `app-${port}`, Address: "10.0.0.1", Port: port });
  await register(8001);
  const child = await startScript(currentRuntime, "scripts/chaos/sighups_child.ts", [consul.url]);
  try {
    await child.waitFor(/^ready$/m);
    const startedAt = performance.now();
    let sent = 0;
    while (sent < signals) {
      const due = Math.ceil((performance.now() - startedAt) / 1_000 / seconds * signals);
      for (; sent < Math.min(signals, due); sent++) process.kill(child.pid, "SIGHUP");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const took = (performance.now() - startedAt) / 1_000;
    // Only a refresh can tell the child: it holds no blocking query.
    await register(8002);
    process.kill(child.pid, "SIGHUP");
    await child.waitFor(/^saw 8002$/m);
    process.kill(child.pid, "SIGTERM");
    await child.exited;
    const counts = JSON.parse(/^{.*}$/m.exec(child.stdout())![0]) as SighupCounts;

    const report = new Report();
    report.figure("signals sent", `${sent}`, `in ${took.toFixed(1)} s`);
    report.figure("refreshes", `${counts.refreshes}`);
    report.bound("refreshes under way at a time", `${counts.most}`, "at most 2", counts.most <= 2);
    report.figure("lookups", `${counts.lookups}`);
    report.bound("failed lookups", `${counts.failed}`, "none", counts.failed === 0);
    return report;
  } finally {
    await child.stop();
  }
}

if (isMainModule(import.meta)) {
  (await runSighups(numberOptions({ signals: 10_000, seconds: 10 }))).print();
}
