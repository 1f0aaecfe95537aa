import { assertEquals, assertStringIncludes } from "@std/assert";
import { lstat, writeFile } from "node:fs/promises";
import process from "node:process";
import { createPiloted } from "../../src/client/create_piloted.ts";
import { test } from "../support/test.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { serving, startServe } from "./serve_process.ts";

test("serve.ts --socket serves other processes of the same user, and removes its socket", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/piloted.sock`;
    await serving(["--dev", "--socket", path], {}, async (serve, url) => {
      assertEquals(url, `unix://${path}`);
      assertEquals((await lstat(path)).mode & 0o777, 0o600);
      const client = await createPiloted({
        config: { watches: [{ name: "customers" }] },
        env: { PILOTED_UPSTREAM: `unix:${path}` },
        signals: false,
      });
      assertEquals(client.status("customers").state, "live");
      assertEquals(client.serviceHosts("customers").length > 0, true);
      await client.close();
      // Not taken away from the one that listens.
      const second = await startServe(["--dev", "--socket", path]);
      assertEquals((await second.exited).code, 1);
      assertStringIncludes(second.stderr(), "another process listens there");
      // What a killed one leaves is replaced.
      process.kill(serve.pid, "SIGKILL");
      await serve.exited;
    });
    assertEquals((await lstat(path)).isSocket(), true);
    await serving(["--dev", "--socket", path], {}, async (serve) => {
      process.kill(serve.pid, "SIGTERM");
      assertEquals((await serve.exited).code, 0);
    });
    assertEquals(await lstat(path).catch(() => "gone"), "gone");
    await writeFile(path, "a file");
    const third = await startServe(["--dev", "--socket", path]);
    assertEquals((await third.exited).code, 1);
    assertStringIncludes(third.stderr(), "it is no socket");
    const own = await startServe(["--dev", "--socket", path], { PILOTED_UPSTREAM: `unix:${path}` });
    assertEquals((await own.exited).code, 1);
    assertStringIncludes(own.stderr(), "it is the upstream of this process itself");
  });
});
