import { assert, assertEquals, assertRejects } from "@std/assert";
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { piloted } from "../../../src/plugs/undici/mod.ts";
import { test } from "../../support/test.ts";
import { waitUntil } from "../../support/wait_until.ts";
import { Backends } from "../support/backends.ts";

test("piloted() as the global dispatcher balances Node's own fetch", () =>
  Backends.run(async (it) => {
    const before = getGlobalDispatcher();
    setGlobalDispatcher(new Agent().compose(piloted(it.piloted)));
    try {
      await it.list("dead", await it.deadPort());
      const backends = [await it.start("a"), await it.start("b")];
      const answers = new Set<string>();
      for (let i = 0; i < 30; i++) {
        answers.add(await (await fetch("http://myService/orders")).text());
        const posted = await fetch("http://myService/orders", { method: "POST", body: `${i}` });
        answers.add(await posted.text());
        assertEquals(posted.status, 200);
      }
      assertEquals([...answers].sort(), ["a", "b"]);
      assertEquals(backends.flatMap(({ requests }) => requests).length, 60);
      const signal = AbortSignal.abort(new Error("enough"));
      await assertRejects(() => fetch("http://myService/", { signal }), Error, "enough");
      await waitUntil(() => it.pendingCount === 0);
      await it.piloted.close();
      const failure = await assertRejects(() => fetch("http://myService/"), TypeError);
      assert(String(failure.cause).includes("closed"), String(failure.cause));
    } finally {
      await getGlobalDispatcher().destroy();
      setGlobalDispatcher(before);
    }
  }));
