/**
 * What all calls of one balanced fetch share.
 *
 * @module
 */
import type { Deadlines } from "./deadlines.ts";
import type { ResolvedFetchOptions } from "./fetch_options.ts";
import type { FetchSource } from "./fetch_source.ts";
import type { Pauses } from "./pauses.ts";
import type { Redirect } from "./redirects.ts";

/** What all calls of one balanced fetch share. */
export interface CallContext {
  /** Gives endpoints. */
  readonly source: FetchSource;
  /** Options. */
  readonly options: ResolvedFetchOptions;
  /** Pauses of this process. */
  readonly pauses: Pauses;
  /** Deadlines of all attempts. */
  readonly deadlines: Deadlines;
  /** Hosts that have sent a response: a connection to one may be an old one. */
  readonly answered: Set<string>;
  /** Whether this platform hides redirects, as browsers do: it then follows them itself. */
  hidesRedirects: boolean;
  /**
   * Follows a redirect to another place.
   *
   * @param redirect Where it leads.
   * @param deadline Deadline of the call, in milliseconds since the Unix epoch; may be infinite.
   * @returns The final response.
   */
  follow(redirect: Redirect, deadline: number): Promise<Response>;
}
