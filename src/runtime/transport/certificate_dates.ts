/**
 * Whether a certificate that was refused is out of date.
 *
 * @module
 */
import { systemClock } from "../../clock.ts";
import { onAbort } from "../../wait.ts";
import { listen } from "./guard.ts";
import type { TlsModule, TlsSocket } from "./node_builtins.ts";

/** How the connection that was refused was made, without its client certificate. */
export interface CertificateConnection {
  /** `node:tls`. */
  readonly tls: TlsModule;
  /** Where it went. */
  readonly options: Readonly<Record<string, unknown>>;
}

// Deno's node:tls reports every certificate that rustls refuses as one of an unknown authority.
const UNSPECIFIC = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
const SECOND_LOOK_MS = 2_000;

/**
 * Finds the reason that Deno hides: connects once more, without verification, reads the dates of
 * the certificate and closes the connection. Nothing is sent over it.
 *
 * @param error Why the first connection failed.
 * @param connection How it was made.
 * @param signal Ends the second look.
 * @returns An error with the code `CERT_HAS_EXPIRED` or `CERT_NOT_YET_VALID`, else `error` itself.
 */
export async function certificateError(
  error: unknown,
  { tls, options }: CertificateConnection,
  signal: AbortSignal,
): Promise<unknown> {
  if ((error as { code?: unknown } | undefined)?.code !== UNSPECIFIC) return error;
  if (!("Deno" in globalThis)) return error;
  let socket: TlsSocket | undefined;
  let removeAbort = () => {};
  const timer = systemClock.start(() => void socket?.destroy(), SECOND_LOOK_MS, true);
  try {
    const open = tls.connect({ ...options, rejectUnauthorized: false });
    socket = open;
    removeAbort = onAbort(signal, () => void open.destroy());
    await new Promise<void>((resolve, reject) => {
      listen(open, { secureConnect: () => resolve(), error: reject, close: reject }, reject);
    });
    const { valid_from: from, valid_to: to } = open.getPeerCertificate();
    const now = Date.now();
    if (Date.parse(to ?? "") < now) return withCode("CERT_HAS_EXPIRED", error);
    if (Date.parse(from ?? "") > now) return withCode("CERT_NOT_YET_VALID", error);
  } catch {
    // The first error says enough.
  } finally {
    timer.cancel();
    removeAbort();
    socket?.destroy();
  }
  return error;
}

function withCode(code: string, cause: unknown): Error {
  return Object.assign(new Error(code, { cause }), { code });
}
