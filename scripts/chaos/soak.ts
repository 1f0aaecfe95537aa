/**
 * 200 services whose instances come and go all the time, for ten minutes: neither the heap nor
 * timers, sockets or files may grow.
 *
 *     node --import tsx scripts/chaos/soak.ts [--seconds 600] [--services 200] [--changes 20]
 *
 * The heap is measured sixty times, after garbage was collected; the first fifth (two of ten
 * minutes) is for warming up. Exits with 1 when the heap has grown by more than 5 %
 * (`--growth 0.05`), or anything else is more than at the start.
 *
 * @module
 */
import process from "node:process";
import { createPiloted } from "../../mod.ts";
import { isMainModule } from "../../src/cli/main_module.ts";
import { usedHeap } from "../../tests/support/collect_garbage.ts";
import { startConsul } from "../../tests/support/consul.ts";
import {
  type CatalogService,
  deregisterMany,
  registerMany,
  registerNode,
} from "../../tests/support/consul_services.ts";
import { LookupLoad } from "./lookup_load.ts";
import { connections, openFiles, quantile, sleep } from "./measure.ts";
import { numberOptions } from "./options.ts";
import { Report } from "./report.ts";

export interface SoakOptions {
  /** How long. */
  seconds: number;
  /** How many services. */
  services: number;
  /** How many of them change each second. */
  changes: number;
  /** Share by which the heap may grow. */
  growth: number;
}

interface Sample {
  heap: number;
  files: number;
  sockets: number;
  timers: number;
}

const MIB = 1024 * 1024;
const SAMPLES = 60;
const WARM = 0.2;

export async function runSoak(options: SoakOptions): Promise<Report> {
  const { seconds, services, changes, growth } = options;
  await using consul = await startConsul();
  await registerNode(consul, "external", "10.0.0.1");
  const names = Array.from({ length: services }, (_, i) => `service-${i}`);
  await registerMany(consul, names.flatMap((name) => [instance(name, 1), instance(name, 2)]));
  await using piloted = await createPiloted({
    config: { consul: consul.url, watches: names.map((name) => ({ name })) },
    signals: false,
    env: {},
  });
  let seen = 0;
  const errors: string[] = [];
  piloted.on("change", () => seen++);
  piloted.on("error", ({ message }) => errors.push(message));
  const load = new LookupLoad(piloted, names);

  const samples: Sample[] = [];
  const every = seconds / SAMPLES * 1_000;
  const startedAt = performance.now();
  let made = 0;
  while (samples.length < SAMPLES) {
    const due = Math.floor((performance.now() - startedAt) / 1_000 * changes);
    for (; made < due; made++) {
      // A third instance comes to every service in one round, and goes from each in the next.
      const round = Math.floor(made / names.length);
      const flapping = { ...instance(names[made % names.length]!, 3), port: 9_000 + round };
      await (round % 2 === 0 ? registerMany : deregisterMany)(consul, [flapping]);
    }
    if (performance.now() - startedAt > every * (samples.length + 1)) {
      samples.push(sample(consul.ports.http));
    }
    await sleep(20);
  }
  await load.stop();

  const warm = samples.slice(SAMPLES * WARM);
  // The first and the last third of what is left: one sample alone may be unlucky.
  const third = Math.floor(warm.length / 3);
  const [early, late] = [warm.slice(0, third), warm.slice(-third)];
  const grown = (of: (sample: Sample) => number) =>
    quantile(late.map(of), 0.5) /
    quantile(early.map(of), 0.5);
  const report = new Report();
  const heap = grown(({ heap }) => heap);
  const [first, last] = [early, late].map((all) =>
    (quantile(all.map(({ heap }) => heap), 0.5) / MIB).toFixed(2)
  );
  report.figure("changes", `${made} made`, `${seen} told, ${errors.length} errors`);
  report.bound(
    "heap after garbage collection",
    `${((heap - 1) * 100).toFixed(2)} %`,
    `at most ${growth * 100} % more (${first} -> ${last} MiB)`,
    heap <= 1 + growth,
  );
  for (const key of ["files", "sockets", "timers"] as const) {
    // A leak moves the median; the largest value is a matter of the machine's load.
    const [before, after] = [early, late].map((all) =>
      quantile(all.map((sample) => sample[key]), 0.5)
    );
    // One more or less is a connection or a timer of the moment.
    report.bound(key, `${after}`, `at the start ${before}`, after! <= before! + 3);
  }
  report.bound(
    "lookups failed",
    `${load.failures.length}`,
    `none of ${load.done}`,
    load.failures.length === 0,
  );
  return report;
}

function sample(port: number): Sample {
  const resources = process.getActiveResourcesInfo?.() ?? [];
  return {
    heap: usedHeap(),
    files: openFiles(),
    sockets: connections(port),
    // Only Node tells.
    timers: resources.filter((kind) => kind === "Timeout").length,
  };
}

function instance(name: string, number: number): CatalogService {
  return { node: "external", name, id: `${name}-${number}`, port: 8_000 + number };
}

if (isMainModule(import.meta)) {
  (await runSoak(numberOptions({ seconds: 600, services: 200, changes: 20, growth: 0.05 })))
    .print();
}
