import { assertEquals, assertStrictEquals } from "@std/assert";
import { bodyError, networkError, transportClosed } from "../../src/runtime/transport_response.ts";
import { test } from "../support/test.ts";

const origin = "https://registry.test:8501";

test("networkError() keeps the cause and tells its reason", () => {
  const cause = new Error("connect ECONNREFUSED 127.0.0.1:8501");
  const error = networkError(origin, cause);
  assertStrictEquals(error.cause, cause);
  assertEquals(
    error.message,
    "Cannot reach https://registry.test:8501: connect ECONNREFUSED 127.0.0.1:8501",
  );
  assertEquals(networkError(origin, "odd").message, `Cannot reach ${origin}: odd`);
});

test("networkError() leaves an error of Piloted's as it is", () => {
  const error = transportClosed();
  assertStrictEquals(networkError(origin, error), error);
});

test("networkError() takes the words out of OpenSSL's messages", () => {
  for (
    const [message, words] of [
      [
        "80ECC9F1D07F0000:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate" +
        ":../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 42\n",
        "sslv3 alert bad certificate",
      ],
      ["error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER", "WRONG_VERSION_NUMBER"],
    ] as const
  ) {
    const error = networkError(origin, new Error(message));
    assertEquals(error.message, `Cannot reach ${origin}: ${words}`);
  }
});

test("bodyError() says what Node's word for a broken connection means", () => {
  const error = bodyError(origin, new Error("aborted"));
  assertEquals(error.message, `Cannot read the answer of ${origin}: the body was cut off`);
});
