/**
 * Connections that don't end the process.
 *
 * @module
 */
import { Http2SessionManager } from "@connectrpc/connect-node";

type Request = Http2SessionManager["request"];
type Stream = Awaited<ReturnType<Request>>;

/**
 * Connect's session manager, which stops listening to a session that the server has closed while a new
 * request opens the next one. The error of the old one would then end the process; see
 * https://github.com/connectrpc/connect-es/issues/1768.
 */
export class GuardedSessions extends Http2SessionManager {
  readonly #guarded = new WeakSet<object>();

  /** Sends a request. */
  override async request(...request: Parameters<Request>): Promise<Stream> {
    const stream = await super.request(...request);
    const { session } = stream;
    if (session !== undefined && !this.#guarded.has(session)) {
      this.#guarded.add(session);
      session.on("error", () => {});
    }
    return stream;
  }
}
