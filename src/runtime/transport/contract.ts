/**
 * What every transport offers, whatever it stands on.
 *
 * @module
 */
import type { Fetch } from "../../platform_fetch.ts";

/** Where a connection goes, when it is not the host of the address: an IP address, or a socket. */
export type ConnectTo = { readonly host: string } | { readonly socketPath: string };

/** Sends requests over connections of its own, which it can close. */
export interface Transport {
  /**
   * `fetch` of the Fetch standard, over these connections. An abort rejects with the signal's own
   * reason, at any stage. Whether redirects are followed depends on the runtime: pass
   * `redirect: "manual"`, which all of them understand the same way.
   */
  readonly fetch: Fetch;
  /**
   * Whether requests are known to share connections (HTTP/2): `false` until a connection has
   * negotiated it, and always `false` for plain HTTP.
   */
  readonly multiplexed: boolean;
  /**
   * Whether a request waits for its connection to open, as far as the runtime shows it: always
   * `false` over Deno's `fetch`.
   */
  readonly connecting: boolean;
  /**
   * Closes the connections. Abort requests in flight first: they may be cut off or not. Idempotent;
   * later requests reject with `CLOSED`.
   */
  close(): Promise<void>;
}
