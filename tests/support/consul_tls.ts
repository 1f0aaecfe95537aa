/**
 * Certificates, created with `consul tls`.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureConsul } from "../../scripts/get_consul.ts";

const run = promisify(execFile);

/** Paths of PEM files. */
export interface Certificates {
  readonly folder: string;
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** Removes the files. */
  remove(): Promise<void>;
}

/** Creates an authority, a server certificate for 127.0.0.1 and localhost, a client certificate. */
export async function createCertificates(): Promise<Certificates> {
  const consul = await ensureConsul();
  const folder = await mkdtemp(join(tmpdir(), "piloted-tls-"));
  for (
    const args of [["ca", "create"], ["cert", "create", "-server"], ["cert", "create", "-client"]]
  ) {
    await run(consul, ["tls", ...args], { cwd: folder });
  }
  return {
    folder,
    ca: join(folder, "consul-agent-ca.pem"),
    serverCert: join(folder, "dc1-server-consul-0.pem"),
    serverKey: join(folder, "dc1-server-consul-0-key.pem"),
    clientCert: join(folder, "dc1-client-consul-0.pem"),
    clientKey: join(folder, "dc1-client-consul-0-key.pem"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
