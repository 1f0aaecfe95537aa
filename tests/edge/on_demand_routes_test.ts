import { createPiloted } from "../../src/client/create_piloted.ts";
import { service } from "../../src/http/mod.ts";
import { listen } from "../../src/runtime/listen.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { test } from "../support/test.ts";
import { checkOnDemand, SERVICES } from "./routes_suite.ts";

test("service() works with an on-demand client on this runtime", async () => {
  await using consul = new EmbeddedConsul();
  const agent = await consul.listen();
  await using piloted = await createPiloted({
    mode: "on-demand",
    config: {
      consul: agent.url,
      watches: SERVICES.map((name) => ({ name, interval: 5 })),
    },
    ttlMs: 1_000,
  });
  const listener = await listen(service(piloted).fetch);
  try {
    await checkOnDemand(listener.url, consul);
  } finally {
    await listener.close();
  }
});
