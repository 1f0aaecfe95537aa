import type { Clock } from "../clock.ts";
import type { ConsulConfig } from "../config/config.ts";
import type { Credentials } from "../source/consul_credentials.ts";
import { Login } from "./consul_login.ts";
import { ProvidedToken, TokenFile } from "./consul_token.ts";

/**
 * Where the tokens of a configuration come from, when it does not hold one.
 *
 * @param consul The part of the configuration.
 * @param clock Time.
 * @param graceMs Milliseconds that a refused read waits for another token.
 * @returns Gives the token of each request; `undefined` where it never changes, or there is none.
 */
export function consulCredentials(
  consul: ConsulConfig,
  clock: Clock,
  graceMs: number,
): Credentials | undefined {
  const { tokenFile, tokenProvider, login } = consul;
  if (login !== undefined) return new Login(login, clock);
  if (tokenFile !== undefined) return new TokenFile(tokenFile, clock, graceMs);
  return tokenProvider === undefined ? undefined : new ProvidedToken(tokenProvider, clock, graceMs);
}
