/**
 * Consul's own environment variables, and those of the same name that platforms set.
 *
 * Kubernetes gives every pod the addresses of the services of its namespace, and Docker's links do
 * the same: for a service named `consul` there is `CONSUL_PORT=tcp://10.96.0.12:8500`. Nobody wrote
 * it for Piloted, so it is never a reason not to start.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";
import { parseGoBoolean } from "../go_boolean.ts";
import type { DecodeContext, Path } from "./config_fault.ts";

// Consul's own.
const DEFAULT_PORT = "8500";

/** A variable and its value. */
export interface Variable {
  /** Its value. */
  readonly value: string;
  /** Its name, as a path for messages. */
  readonly path: Path;
}

/**
 * The address that the environment names.
 *
 * @param env The environment. An empty value counts as unset.
 * @param context Where warnings go.
 * @returns The address, or several with commas between them; `undefined` when there is none.
 */
export function environmentAddress(env: Environment, context: DecodeContext): Variable | undefined {
  // A value from a file often ends with a line break.
  const address = env.CONSUL_HTTP_ADDR?.trim();
  const host = env.CONSUL_HOST?.trim();
  if (address) return { value: address, path: ["$CONSUL_HTTP_ADDR"] };
  if (!host) return undefined;
  const path = ["$CONSUL_HOST"];
  // A whole address, as a platform or a person put it there.
  if (/^[a-z]+:\/\/|,|^[^:[\]]+:[0-9]+$|^\[.*\]:[0-9]+$/i.test(host)) return { value: host, path };
  return { value: `${host}:${environmentPort(env, context)}`, path };
}

function environmentPort({ CONSUL_PORT: port }: Environment, context: DecodeContext): string {
  if (!port || /^[0-9]+$/.test(port)) return port || DEFAULT_PORT;
  const why = /^[a-z]+:\/\//i.test(port)
    ? "is an address that Kubernetes or Docker sets for a service of this name"
    : "is not a port";
  context.warn(
    { path: ["$CONSUL_PORT"] },
    `${why} and is left out: port ${DEFAULT_PORT} is used. Set CONSUL_HTTP_ADDR to name another one`,
  );
  return DEFAULT_PORT;
}

/**
 * Whether the environment says that Consul speaks TLS.
 *
 * @param env The environment.
 * @param context Where warnings go.
 * @returns The flag; `undefined` when it is unset or, as for Consul, not one that Go understands.
 */
export function environmentSsl(env: Environment, context: DecodeContext): boolean | undefined {
  const { CONSUL_HTTP_SSL: value } = env;
  if (!value) return undefined;
  const flag = parseGoBoolean(value);
  if (flag === undefined) {
    context.warn({ path: ["$CONSUL_HTTP_SSL"] }, "must be true or false and is left out");
  }
  return flag;
}

/**
 * Whether the environment says that the certificate is verified. ContainerPilot knows only these
 * words and ignores others.
 *
 * @param env The environment.
 * @returns The flag; `undefined` for anything else.
 */
export function environmentVerify(env: Environment): boolean | undefined {
  const word = env.CONSUL_HTTP_SSL_VERIFY?.toLowerCase();
  if (word === "1" || word === "true") return true;
  if (word === "0" || word === "false") return false;
  return undefined;
}
