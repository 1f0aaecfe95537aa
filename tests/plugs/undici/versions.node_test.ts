import { assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ROOT } from "../../architecture/project.ts";
import { test } from "../../support/test.ts";

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL("./undici8_program.ts", import.meta.url));

for (const version of [22, 24]) {
  test(
    `piloted() balances undici 8 and the fetch of Node ${version}`,
    { timeout: 180_000 },
    async () => {
      const node = ["-y", "-p", `node@${version}`, "node", "--import", "tsx", PROGRAM];
      const { stdout } = await run("npx", node, { cwd: ROOT });
      assertEquals(JSON.parse(stdout), {
        answers: ["200 a", "a"],
        posts: ["a", "busy"],
        busyPosts: true,
        closed: true,
      });
    },
  );
}
