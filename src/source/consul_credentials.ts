import { PilotedError } from "../errors.ts";

/** The server that a read goes to, for those who need more than reads of it. */
export interface ConsulServer {
  /** Its address, for messages. */
  readonly url: string;
  /** Sends JSON by POST. Rejects as `fetch` does. */
  post(
    path: string,
    init: {
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal: AbortSignal;
    },
  ): Promise<Response>;
}

/** Where the ACL token of each request comes from. */
export interface Credentials {
  /**
   * The token to send now.
   *
   * @param server The server that it is sent to.
   * @returns The token; `undefined` for none.
   * @throws {PilotedError} when there should be one and is not.
   */
  token(server: ConsulServer): Promise<string | undefined>;
  /**
   * Consul refused a token.
   *
   * @param token The token that was sent.
   * @returns Whether there is another one now.
   */
  refused(token: string | undefined): Promise<boolean>;
  /** Consul accepted a token. */
  accepted?(): void;
  /** Gives up the token. Never rejects. */
  close?(): Promise<void>;
}

/**
 * Checks that a header can carry a token. The runtimes' own error for one that it cannot prints its
 * value.
 *
 * @param token The token.
 * @throws {PilotedError} `CONFIG_INVALID` when it has other characters than visible ASCII.
 */
export function checkToken(token: string): void {
  if (/^[\x21-\x7e]*$/.test(token)) return;
  throw new PilotedError(
    "CONFIG_INVALID",
    "Cannot send the Consul token: it has a space, a line break or a character beyond ASCII",
  );
}

/**
 * Encodes a user name and a password for the header `Authorization` (RFC 7617).
 *
 * @param userAndPassword Both, with a colon between them.
 * @returns The header's value.
 */
export function basicAuthorization(userAndPassword: string): string {
  const bytes = new TextEncoder().encode(userAndPassword);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
