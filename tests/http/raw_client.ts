/** Raw bytes to a server. */
import { connect, type Socket } from "node:net";
import { waitUntil } from "../support/wait_until.ts";

/** An open connection. */
export interface RawConnection {
  readonly socket: Socket;
  /** What was received so far. */
  received(): string;
  /** Whether the server has closed it. */
  closed(): boolean;
  end(): void;
}

/** Connects and sends. */
export async function send(url: string, data: string | Uint8Array): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  let closed = false;
  socket.on("data", (chunk) => text += chunk.toString("latin1"));
  socket.on("error", () => closed = true);
  socket.on("close", () => closed = true);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.write(data);
  return { socket, received: () => text, closed: () => closed, end: () => void socket.destroy() };
}

/** Sends, waits for a response or the end of the connection, and closes it. */
export async function exchange(url: string, data: string | Uint8Array): Promise<string> {
  const connection = await send(url, data);
  await waitUntil(() => connection.received() !== "" || connection.closed());
  connection.end();
  await waitUntil(connection.closed);
  return connection.received();
}
