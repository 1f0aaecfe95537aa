// The application of examples/entrypoint.ts: any program that reacts to SIGHUP and SIGTERM.
import { writeFileSync } from "node:fs";
import process from "node:process";

process.on("SIGHUP", () => console.log("app looks again"));
process.on("SIGTERM", () => {
  console.log("app has closed");
  process.exit(0);
});
console.log(
  `app runs below ${process.env.CONTAINERPILOT_PID} as ${process.env.CONTAINERPILOT_APP_IP}`,
);
writeFileSync(process.env.READY, "");
setInterval(() => {}, 1_000);
