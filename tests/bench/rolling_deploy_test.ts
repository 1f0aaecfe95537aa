/** A short run of `bench/rolling_deploy.ts`, with servers of this process and an embedded Consul. */
import { status } from "@grpc/grpc-js";
import { assert, assertEquals } from "@std/assert";
import { Deployment } from "../../bench/rolling_deploy/deployment.ts";
import { startInThisProcess } from "../../bench/rolling_deploy/instance.ts";
import { openSenders, type Sender } from "../../bench/rolling_deploy/senders.ts";
import { type Tally, Traffic } from "../../bench/rolling_deploy/traffic.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";

const TIMING = { drainMs: 200, restartMs: 50, pauseMs: 50 };

async function deploy(
  replace: (deployment: Deployment) => Promise<void>,
): Promise<ReadonlyMap<Sender, Tally>> {
  const consul = new EmbeddedConsul();
  const { url, close } = await consul.listen();
  const deployment = new Deployment(url, startInThisProcess, TIMING, false);
  await deployment.start(5);
  const senders = await openSenders(url, 60_000);
  try {
    // got by hand sends again to the same address for three seconds.
    const rows = senders.all.filter(({ client, isPlug }) => isPlug || client !== "got");
    const traffic = new Traffic(rows, 40, 2 * rows.length);
    await replace(deployment);
    return await traffic.stop();
  } finally {
    await senders.close();
    await deployment.stop();
    await close();
    await consul.close();
  }
}

function title({ client, addresses }: Sender): string {
  return `${client}, ${addresses}`;
}

/** What each row lost, with the reasons. */
function losses(tallies: ReadonlyMap<Sender, Tally>, wanted: (sender: Sender) => boolean): object {
  return Object.fromEntries(
    [...tallies].filter(([sender]) => wanted(sender))
      .map(([sender, { lost, reasons }]) => [title(sender), [lost, ...reasons.keys()]]),
  );
}

function none(tallies: ReadonlyMap<Sender, Tally>, wanted: (sender: Sender) => boolean): object {
  return Object.fromEntries([...tallies.keys()].filter(wanted).map((one) => [title(one), [0]]));
}

for (
  const [name, replace] of [
    ["a rolling deploy", (deployment: Deployment) => deployment.roll()],
    ["a series of kills", (deployment: Deployment) => deployment.crash()],
  ] as const
) {
  test(`rolling deploy bench: plugs that send again lose nothing in ${name}`, async () => {
    const tallies = await deploy(replace);
    for (const [sender, { sent }] of tallies) assert(sent > 0, `${title(sender)} sent ${sent}`);
    // gRPC repeats no call that a killed server had begun to answer (gRFC A6).
    const isGrpc = ({ client }: Sender) => client === "grpc-js" && name === "a series of kills";
    const isSafe = (sender: Sender) => sender.isPlug && sender.sendsAgain && !isGrpc(sender);
    assertEquals(losses(tallies, isSafe), none(tallies, isSafe));
    for (const [sender, { lost, reasons }] of tallies) {
      if (!isGrpc(sender) || !sender.isPlug) continue;
      assert(lost <= 5, `${title(sender)} lost ${lost}`);
      assertEquals(
        [...reasons.keys()].filter((reason) => reason !== String(status.UNAVAILABLE)),
        [],
      );
    }
    // Without a new list every address is wrong in the end.
    for (const [sender, { lost }] of tallies) {
      if (!sender.isPlug) assert(lost > 0, `${title(sender)} lost nothing`);
    }
  });
}
