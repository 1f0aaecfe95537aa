import { assertEquals } from "@std/assert";
import { cp, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { currentRuntime, startScript } from "../support/process.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("serve.ts loads everything at start: no request needs another file", () =>
  withTemporaryFolder(async (folder) => {
    for (const name of ["src", "serve.ts", "types", "deno.json", "tsconfig.json", "package.json"]) {
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const args = ["--dev", "--port", "0"];
    const env = { NO_COLOR: "1", PILOTED_TOKEN: undefined };
    const serve = await startScript(currentRuntime, "serve.ts", args, { cwd: folder, env });
    try {
      const [, url] = await serve.waitFor(/^Listening on (\S+)$/m);
      // From here on nothing can be loaded from disk.
      await rm(join(folder, "src"), { recursive: true });
      await rm(join(folder, "node_modules"));
      for (const path of ["/metrics", "/docs", "/openapi.json", "/", "/v1/status"]) {
        const response = await fetch(url + path);
        await response.text();
        assertEquals([path, response.status], [path, 200], serve.stderr());
      }
    } finally {
      await serve.stop();
    }
  }));
