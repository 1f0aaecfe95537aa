import { request } from "node:http";
import { CommandError, EXIT } from "./exit_codes.ts";

const TIMEOUT_MS = 10_000;

/**
 * Sends a request to the control socket of a supervisor.
 *
 * @param socket Path of the socket.
 * @param path Path of the request, such as `/v3/reload`.
 * @param body The body, as JSON.
 * @throws {CommandError} when nobody listens there, and when the answer is not 200.
 */
export async function controlRequest(
  socket: string,
  path: string,
  body?: Readonly<Record<string, string>>,
): Promise<void> {
  const { status, text } = await send(socket, path, body);
  if (status === 200) return;
  const why = text.trim() || `the answer was ${status}`;
  throw new CommandError(EXIT.failed, `The supervisor refused ${path}: ${why}`);
}

function send(
  socketPath: string,
  path: string,
  body: Readonly<Record<string, string>> | undefined,
): Promise<{ status: number | undefined; text: string }> {
  const payload = body === undefined ? "" : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const failed = ({ code, message }: NodeJS.ErrnoException) => {
      const why = code === "ENOENT" || code === "ECONNREFUSED"
        ? "nobody listens there, is piloted exec running?"
        : code === "EACCES"
        ? "permission denied, it belongs to the user of piloted exec"
        : message;
      reject(new CommandError(EXIT.failed, `Cannot use the control socket ${socketPath}: ${why}`));
    };
    const sent = request({
      socketPath,
      path,
      method: path === "/v3/ping" ? "GET" : "POST",
      headers: {
        host: "control",
        "content-type": "application/json",
        "content-length": new TextEncoder().encode(payload).length,
        connection: "close",
      },
      timeout: TIMEOUT_MS,
    }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
      response.once("end", () => resolve({ status: response.statusCode, text }));
      response.once("error", failed);
    });
    sent.once("timeout", () => sent.destroy(new Error(`no response within ${TIMEOUT_MS} ms`)));
    sent.once("error", failed);
    sent.end(payload);
  });
}
