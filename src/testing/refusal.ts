/**
 * How the embedded Consul says no.
 *
 * @module
 */

/** Thrown by a route to answer with a status and one line of text, as Consul does. */
export class Refusal extends Error {
  override readonly name: "Refusal" = "Refusal";
  /** HTTP status. */
  readonly status: number;
  /** Headers besides those of every answer. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Makes a refusal.
   *
   * @param status HTTP status.
   * @param message The whole body.
   * @param headers Headers besides those of every answer.
   */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }

  /** The answer. */
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

/** What a read that fails on a server says about its index. */
export const NO_INDEX: Readonly<Record<string, string>> = Object.freeze({
  "X-Consul-Index": "1",
  "X-Consul-Knownleader": "false",
  "X-Consul-Lastcontact": "0",
});
