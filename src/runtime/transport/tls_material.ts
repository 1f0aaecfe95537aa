/**
 * Reads the certificates and keys that a connection with TLS needs.
 *
 * @module
 */
import type { TlsConfig } from "../../config/config.ts";
import { PilotedError } from "../../errors.ts";
import { revealSecret } from "../../secret.ts";
import { builtin, type FileModule } from "./node_builtins.ts";

/** What `node:tls` and `node:https` take. */
export interface TlsMaterial {
  /** Certificates of authorities, PEM; absent for the runtime's own. */
  readonly ca?: readonly string[];
  /** Client certificate, PEM. */
  readonly cert?: string;
  /** Key of the client certificate, PEM. */
  readonly key?: string;
  /** Name that is requested of the server and verified in its certificate. */
  readonly servername?: string;
  /** Whether the server's certificate is verified. */
  readonly rejectUnauthorized: boolean;
}

const CERTIFICATE = "CERTIFICATE";
const KEY = "PRIVATE KEY";

/**
 * Reads every file that the settings name.
 *
 * @param tls The settings.
 * @returns The contents of the files.
 * @throws {PilotedError} `CONFIG_INVALID` when a file cannot be read or is not what it should be. The
 * message names the setting and the file, never the content.
 */
export async function readTlsMaterial(tls: TlsConfig): Promise<TlsMaterial> {
  const keyFile = revealSecret(tls.keyFile);
  if ((tls.certFile === undefined) !== (keyFile === undefined)) {
    const [given, missing] = keyFile === undefined
      ? ["certFile", "keyFile"]
      : ["keyFile", "certFile"];
    throw new PilotedError(
      "CONFIG_INVALID",
      `Cannot use a client certificate: ${missing} is missing, received ${given} alone`,
      { path: tls.certFile ?? keyFile },
    );
  }
  const files = builtin("node:fs/promises");
  if (files === undefined) {
    throw new PilotedError("CONFIG_INVALID", "Cannot use TLS settings: this runtime has no files");
  }
  const ca: string[] = [];
  if (tls.caFile !== undefined) ca.push(await readPem(files, "caFile", tls.caFile, CERTIFICATE));
  if (tls.caPath !== undefined) ca.push(...await readFolder(files, tls.caPath));
  return {
    ...(ca.length > 0 && { ca }),
    ...(tls.certFile !== undefined && keyFile !== undefined && {
      cert: await readPem(files, "certFile", tls.certFile, CERTIFICATE),
      key: await readPem(files, "keyFile", keyFile, KEY),
    }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
    rejectUnauthorized: tls.verify,
  };
}

// Files without a certificate are ignored: such folders also hold READMEs and revocation lists. The
// same content under two names (links made by `openssl rehash`) counts once.
async function readFolder(files: FileModule, folder: string): Promise<string[]> {
  const found = new Set<string>();
  try {
    for (const name of (await files.readdir(folder)).sort()) {
      const path = `${folder}/${name}`;
      if (!(await files.stat(path)).isFile()) continue;
      const text = await files.readFile(path, "utf8");
      if (holds(text, CERTIFICATE)) found.add(text);
    }
  } catch (cause) {
    throw unreadable("caPath", folder, cause);
  }
  if (found.size === 0) throw wrongContent("caPath", folder, CERTIFICATE);
  return [...found];
}

async function readPem(
  files: FileModule,
  setting: string,
  path: string,
  label: string,
): Promise<string> {
  let text: string;
  try {
    text = await files.readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(setting, path, cause);
  }
  if (!holds(text, label)) throw wrongContent(setting, path, label);
  return text;
}

// "RSA PRIVATE KEY" and "TRUSTED CERTIFICATE" are accepted too.
function holds(text: string, label: string): boolean {
  return new RegExp(`^-----BEGIN ([A-Z0-9]+ )*${label}-----`, "m").test(text);
}

function unreadable(setting: string, path: string, cause: unknown): PilotedError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PilotedError("CONFIG_INVALID", `Cannot read ${setting}: ${why}, received ${path}`, {
    cause,
    path,
  });
}

function wrongContent(setting: string, path: string, label: string): PilotedError {
  return new PilotedError(
    "CONFIG_INVALID",
    `Cannot use ${setting}: no PEM block "${label}" in it, received ${path}`,
    { path },
  );
}
