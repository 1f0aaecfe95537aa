/**
 * npm `piloted` (node-piloted): what is used of it. One for each process.
 *
 * @module
 */
import process from "node:process";
import { loadPeer } from "../load_peer.ts";

/** The singleton that the package exports. */
export interface PilotedPackage {
  config(config: object): Promise<void>;
  serviceHosts(name: string): { address: string; port: number }[] | null;
  on(type: "refresh", listener: () => void): void;
}

/** Loads it, and sends the SIGHUP that ContainerPilot would send, each second. */
export async function pilotedPackage(
  url: string,
  services: readonly string[],
): Promise<{ peer: PilotedPackage; stop(): void }> {
  const peer = loadPeer<PilotedPackage>("piloted");
  await peer.config({
    consul: new URL(url).host,
    watches: services.map((name) => ({ name })),
  });
  const timer = setInterval(() => process.kill(process.pid, "SIGHUP"), 1_000);
  return { peer, stop: () => clearInterval(timer) };
}
