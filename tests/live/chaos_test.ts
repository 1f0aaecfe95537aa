/** The programs of scripts/chaos/ in short. Their full length shows figures, this one what must hold. */
import { assertEquals } from "@std/assert";
import { runAbsentAtStart } from "../../scripts/chaos/absent_at_start.ts";
import { runAgentAway } from "../../scripts/chaos/agent_away.ts";
import { runLeaderKills } from "../../scripts/chaos/leader_kills.ts";
import { runPinnedServer } from "../../scripts/chaos/pinned_server.ts";
import type { Report } from "../../scripts/chaos/report.ts";
import { runSighups } from "../../scripts/chaos/sighups.ts";
import { runThousandServices } from "../../scripts/chaos/thousand_services.ts";
import { skipWithoutConsul } from "../support/consul.ts";
import { test } from "../support/test.ts";

const skip = await skipWithoutConsul();

function chaosTest(name: string, run: () => Promise<Report>): void {
  test(name, { skip, timeout: 120_000 }, async () => {
    assertEquals((await run()).broken, []);
  });
}

chaosTest(
  "no lookup fails when the leader is killed, and the next change is seen",
  () => runLeaderKills({ seconds: 1, every: 5, down: 2 }),
);

chaosTest(
  "no lookup fails when the pinned one of three servers is killed, and the next change is seen",
  () => runPinnedServer({ rounds: 1 }),
);

chaosTest(
  "no lookup fails when the agent is stopped, killed and emptied, and its age is told",
  () => runAgentAway({ stopped: 2, killed: 2 }),
);

chaosTest(
  "Piloted starts from its snapshot file when there is no Consul, and says so when there is none",
  () => runAbsentAtStart(),
);

chaosTest(
  "no lookup fails and no refreshes pile up under a thousand SIGHUPs a second",
  () => runSighups({ signals: 2_000, seconds: 2 }),
);

chaosTest(
  "changes of a hundred services are seen within a budget of twelve connections",
  () => runThousandServices({ services: 100, changes: 8, idle: 0, connections: 12 }),
);
