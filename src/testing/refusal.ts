/**
 * Error responses of the embedded Consul.
 *
 * @module
 */

/** Thrown by a route to respond with a status and one line of text, as Consul does. */
export class Refusal extends Error {
  override readonly name: "Refusal" = "Refusal";
  /** HTTP status. */
  readonly status: number;
  /** Additional headers. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Creates a refusal.
   *
   * @param status HTTP status.
   * @param message The whole body.
   * @param headers Additional headers.
   */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }

  /** Creates the response. */
  response(): Response {
    return new Response(this.message, {
      status: this.status,
      headers: {
        "Content-Type": "text/plain; charset=utf-8",
        Vary: "Accept-Encoding",
        ...this.headers,
      },
    });
  }
}

/** Headers of a read that failed on a server. */
export const NO_INDEX: Readonly<Record<string, string>> = Object.freeze({
  "X-Consul-Index": "1",
  "X-Consul-Knownleader": "false",
  "X-Consul-Lastcontact": "0",
});
