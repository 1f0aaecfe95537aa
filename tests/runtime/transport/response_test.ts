import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  bodyError,
  networkError,
  transportClosed,
} from "../../../src/runtime/transport/response.ts";
import { test } from "../../support/test.ts";

const origin = "https://registry.test:8501";

test("networkError() keeps the cause and says why", () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = networkError(origin, cause);
  assertStrictEquals(error.cause, cause);
  assertEquals(error.message, `Cannot reach ${origin}: the connection was refused`);
  assertEquals(networkError(origin, "odd").message, `Cannot reach ${origin}: odd`);
});

test("networkError() leaves a PilotedError as it is", () => {
  const error = transportClosed();
  assertStrictEquals(networkError(origin, error), error);
});

test("bodyError() says what Node's word for a broken connection means", () => {
  const error = bodyError(origin, new Error("aborted"));
  assertEquals(error.message, `Cannot read the response of ${origin}: the body was cut off`);
});
