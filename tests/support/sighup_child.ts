/**
 * An application that receives SIGHUP before its first lookup. Its argument selects how it uses
 * Piloted. It prints `called` after the first call, and `alive` if the signal did not end it.
 */
import process from "node:process";

const [way, address] = process.argv.slice(2);
const object = { consul: address!, watches: [{ name: "app" }] };

if (way === "signals") {
  await import("../../src/client/signals.ts");
} else {
  const { createPiloted, config, service } = await import("../../mod.ts");
  const { EmbeddedConsul } = await import("../../src/testing/mod.ts");
  const consul = new EmbeddedConsul();
  consul.register({ name: "app", address: "10.0.0.1", port: 80 });
  // Each response takes a while, so that the signal arrives in the middle of the start.
  const fetch: typeof consul.fetch = async (input, init) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return await consul.fetch(input, init);
  };
  if (way === "createPiloted") {
    void createPiloted({ config: object, fetch }).then((piloted) => {
      console.log("ready");
      piloted.on("refresh", refreshed);
    });
  } else if (way === "config") {
    void config(object, { fetch }).then((piloted) => {
      console.log("ready");
      piloted.on("refresh", refreshed);
    });
  } else {
    // Configures itself from $CONTAINERPILOT, whose Consul does not respond.
    void service("app").catch((error) => console.log(error.code));
  }
}
// Printed synchronously after the call.
console.log("called");
const isRefreshing = way === "createPiloted" || way === "config";
setTimeout(end, isRefreshing ? 30_000 : 3_000);

function refreshed(): void {
  console.log("refreshed");
  end();
}

function end(): void {
  console.log("alive");
  process.exit(0);
}
