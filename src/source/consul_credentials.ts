import { PilotedError } from "../errors.ts";

/** Where the ACL token of each request comes from. */
export interface Credentials {
  /**
   * The token to send now.
   *
   * @param signal Ends the wait.
   * @returns The token; `undefined` for none.
   * @throws {PilotedError} when there should be one and is not.
   */
  token(signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Consul refused a token.
   *
   * @param token The token that was sent.
   * @returns Whether there is another one now.
   */
  refused(token: string | undefined): Promise<boolean>;
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
