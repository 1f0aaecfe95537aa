/**
 * A token is replaced while Consul is read, in every order of the steps: no error, and no state but
 * "live".
 */
import { assertEquals } from "@std/assert";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createPiloted, type CreatePilotedOptions } from "../../src/client/create_piloted.ts";
import type { Piloted } from "../../src/client/piloted.ts";
import { EmbeddedConsul } from "../../src/testing/mod.ts";
import { withTemporaryFolder } from "../support/temporary_folder.ts";
import { test } from "../support/test.ts";
import { waitUntil } from "../support/wait_until.ts";

interface Scene {
  readonly folder: string;
  readonly piloted: Piloted;
  /** Errors, and states other than "live". */
  readonly troubles: readonly string[];
  /** Consul takes "new" from now on. */
  accept(): void;
  /** Consul refuses "old" from now on; resolves when it has refused a read. */
  revoke(): Promise<void>;
  /** Resolves when a change is seen that was made after the call. */
  seesChange(): Promise<void>;
}

/** A Consul that takes the token "old" until it is revoked. */
async function scene(
  prepare: (folder: string) => Promise<CreatePilotedOptions>,
  run: (it: Scene) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    await using consul = new EmbeddedConsul();
    let port = 80;
    const change = () => consul.register({ name: "app", address: "10.0.0.1", port: ++port });
    change();
    const accepted = new Set(["old"]);
    let refused = () => {};
    const fetch: typeof consul.fetch = async (input, init) => {
      if (!accepted.has(new Headers(init?.headers).get("X-Consul-Token") ?? "")) {
        refused();
        return new Response("ACL not found", { status: 403 });
      }
      return await consul.fetch(input, init);
    };
    await using piloted = await createPiloted({
      ...await prepare(folder),
      fetch,
      signals: false,
      env: {},
    });
    const troubles: string[] = [];
    piloted.on("error", ({ code, message }) => troubles.push(`${code} ${message}`));
    piloted.on("status", ({ state, reason }) => {
      if (state !== "live" && state !== "closed") troubles.push(`${state} ${reason}`);
    });
    await run({
      folder,
      piloted,
      troubles,
      accept: () => void accepted.add("new"),
      revoke: () => {
        accepted.delete("old");
        return new Promise((resolve) => {
          refused = resolve;
          // Ends the blocking query, so that the next one is refused.
          change();
        });
      },
      seesChange: async () => {
        change();
        await waitUntil(() => piloted.pick("app").port === port);
      },
    });
  });
}

const watches = [{ name: "app", interval: 5 }];

async function configFile(folder: string): Promise<CreatePilotedOptions> {
  await writeConfig(folder, "old");
  return { config: join(folder, "containerpilot.json5"), reload: true };
}

const configText = (token: string) =>
  JSON.stringify({ consul: { address: "c:1", token }, watches });

function writeConfig(folder: string, token: string): Promise<void> {
  return writeFile(join(folder, "containerpilot.json5"), configText(token));
}

test("a token in the configuration that is revoked before the signal arrives causes no flap", () =>
  scene(configFile, async ({ folder, piloted, troubles, accept, revoke, seesChange }) => {
    accept();
    await revoke();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writeConfig(folder, "new");
    await piloted.refresh();
    await seesChange();
    assertEquals(troubles, []);
  }));

test("a configuration that is half written when the signal arrives is read again", () =>
  scene(configFile, async ({ folder, piloted, troubles, accept, revoke, seesChange }) => {
    const path = join(folder, "containerpilot.json5");
    accept();
    await writeFile(path, configText("new").slice(0, 20));
    const refreshed = piloted.refresh();
    await revoke();
    await writeFile(path, "");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await writeConfig(folder, "new");
    await refreshed;
    await seesChange();
    assertEquals(troubles, []);
  }));

test("a token in the configuration that has no successor is denied in the end", () =>
  scene(configFile, async ({ folder, piloted, troubles, accept, revoke, seesChange }) => {
    await revoke();
    await waitUntil(() => piloted.status("app").state === "denied");
    assertEquals(troubles.some((trouble) => trouble.startsWith("denied")), true);
    assertEquals(piloted.serviceHosts("app").length, 1);
    accept();
    await writeConfig(folder, "new");
    await piloted.refresh();
    await seesChange();
    assertEquals(piloted.status("app").state, "live");
  }));

/** How a file with a token is replaced. */
const ways: Readonly<Record<string, (path: string, folder: string) => Promise<void>>> = {
  "written again": (path) => writeFile(path, "new"),
  "truncated and written in two parts": async (path) => {
    for (const text of ["", "ne", "new\n"]) {
      await writeFile(path, text);
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
  },
  "replaced by rename": async (path) => {
    await writeFile(`${path}.next`, "new");
    await rename(`${path}.next`, path);
  },
  "removed and written": async (path) => {
    await rm(path);
    await new Promise((resolve) => setTimeout(resolve, 80));
    await writeFile(path, "new");
  },
  "replaced by a symbolic link to another folder, as Kubernetes does": async (_path, folder) => {
    await mkdir(join(folder, "..2026_2"));
    await writeFile(join(folder, "..2026_2", "token"), "new");
    await symlink("..2026_2", join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    await rm(join(folder, "..2026_1"), { recursive: true });
  },
};

// As in a volume of a Kubernetes secret.
async function tokenFile(folder: string): Promise<CreatePilotedOptions> {
  await mkdir(join(folder, "..2026_1"));
  await writeFile(join(folder, "..2026_1", "token"), "old");
  await symlink("..2026_1", join(folder, "..data"));
  await symlink("..data/token", join(folder, "token"));
  return { config: { consul: { address: "c:1", tokenFile: join(folder, "token") }, watches } };
}

for (const [way, replace] of Object.entries(ways)) {
  test(`a token file that is ${way} after the old token was revoked causes no flap`, () =>
    scene(tokenFile, async ({ folder, troubles, accept, revoke, seesChange }) => {
      accept();
      await revoke();
      await replace(join(folder, "token"), folder);
      await seesChange();
      assertEquals(troubles, []);
    }));

  test(`a token file that is ${way} while the old token is good causes no flap`, () =>
    scene(tokenFile, async ({ folder, troubles, accept, revoke, seesChange }) => {
      accept();
      await replace(join(folder, "token"), folder);
      void revoke();
      await seesChange();
      assertEquals(troubles, []);
    }));
}
