import { assert, assertEquals } from "@std/assert";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type AnyPilotedError, isPilotedError } from "../src/any_piloted_error.ts";
import { PilotedError, type PilotedErrorCode } from "../src/errors.ts";
import type { RequestAttempt } from "../src/request_attempt.ts";
import { endpoint } from "./support/endpoints.ts";
import { withTemporaryFolder } from "./support/temporary_folder.ts";
import { test } from "./support/test.ts";

/** Compiles only when both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

function facts(error: AnyPilotedError): unknown {
  switch (error.code) {
    case "REQUEST_FAILED": {
      const attempts: Same<typeof error.attempts, readonly RequestAttempt[]> = true;
      const service: Same<typeof error.service, string> = true;
      return attempts && service && error.attempts.map(({ outcome }) => outcome);
    }
    case "TIMEOUT": {
      const attempts: Same<typeof error.attempts, readonly RequestAttempt[] | undefined> = true;
      return attempts && error.attempts;
    }
    case "NO_ENDPOINTS":
      return error.service.length + (error.instances?.critical ?? 0);
    case "SNAPSHOT_FAILED":
      return error.path.length;
    default: {
      const others: Same<
        typeof error.code,
        Exclude<
          PilotedErrorCode,
          "REQUEST_FAILED" | "TIMEOUT" | "NO_ENDPOINTS" | "SNAPSHOT_FAILED"
        >
      > = true;
      // @ts-expect-error Other codes have no attempts.
      return others && error.attempts;
    }
  }
}

const attempt: RequestAttempt = {
  endpoint: endpoint("a"),
  outcome: "reset",
  startedAt: 0,
  durationMs: 1,
  hedge: false,
};

test("AnyPilotedError narrows the fields by code", () => {
  const error: unknown = new PilotedError("REQUEST_FAILED", "Cannot fetch: no", {
    service: "app",
    attempts: [attempt],
  });
  assert(isPilotedError(error));
  assertEquals(facts(error), ["reset"]);
});

test("isPilotedError() recognizes errors of another copy of the package, which instanceof does not", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, "errors.ts");
    await copyFile(new URL("../src/errors.ts", import.meta.url), path);
    const copy: { PilotedError: typeof PilotedError } = await import(pathToFileURL(path).href);
    assert(copy.PilotedError !== PilotedError);
    const error: unknown = new copy.PilotedError("NO_ENDPOINTS", "Cannot pick: none", {
      service: "app",
    });
    assert(!(error instanceof PilotedError));
    assert(isPilotedError(error) && error.code === "NO_ENDPOINTS");
    assertEquals(error.service, "app");
  });
});

test("isPilotedError() recognizes nothing else", () => {
  const named = Object.assign(new Error("x"), { name: "PilotedError" });
  const coded = Object.assign(new Error("x"), { code: "TIMEOUT" });
  const plain = { name: "PilotedError", code: "TIMEOUT", message: "x" };
  for (const value of [named, coded, plain, new Error("x"), null, undefined, "TIMEOUT"]) {
    assert(!isPilotedError(value));
  }
});

test("JSON.stringify() of an error has name, code, message, facts and the message of the cause", () => {
  const error = new PilotedError("REQUEST_FAILED", "Cannot fetch from app: the attempt failed", {
    service: "app",
    attempts: [attempt],
    status: undefined,
    cause: new TypeError("fetch failed"),
  });
  assertEquals(JSON.parse(JSON.stringify(error)), {
    name: "PilotedError",
    code: "REQUEST_FAILED",
    message: "Cannot fetch from app: the attempt failed",
    service: "app",
    attempts: [JSON.parse(JSON.stringify(attempt))],
    cause: "fetch failed",
  });
});
