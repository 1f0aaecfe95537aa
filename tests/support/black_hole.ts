/**
 * A port of this machine that drops connections, as a firewall does.
 *
 * @module
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import process from "node:process";
import { runtimeBinary, startProcess } from "./process.ts";

/** A port at which no connection is ever opened. */
export interface BlackHole extends AsyncDisposable {
  /** Address and port. */
  readonly host: string;
}

const LISTEN = `const server = require("node:net").createServer();
server.listen(0, "127.0.0.1", 1, () => console.log("port " + server.address().port));`;

/**
 * Starts a process that listens and is stopped at once, and fills its queue of connections: Linux then
 * drops further requests to connect. (On other systems they are refused, or accepted and mute.)
 */
export async function startBlackHole(): Promise<BlackHole> {
  const child = startProcess(await runtimeBinary("node"), ["-e", LISTEN]);
  const port = Number((await child.waitFor(/port (\d+)/))[1]);
  process.kill(child.pid, "SIGSTOP");
  const sockets: Socket[] = [];
  const dispose = async () => {
    for (const socket of sockets) socket.destroy();
    await child.stop();
  };
  // The queue holds two; the connection that does not open shows that it is full.
  for (let i = 0; i < 8; i++) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    const opened = once(socket, "connect").then(() => true, () => true);
    const waited = new Promise<false>((resolve) => setTimeout(() => resolve(false), 150));
    if (!await Promise.race([opened, waited])) break;
  }
  return { host: `127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose };
}
