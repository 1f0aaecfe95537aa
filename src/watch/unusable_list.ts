/**
 * Errors for responses whose list cannot be used, although the registry has responded.
 *
 * @module
 */
import { PilotedError } from "../errors.ts";
import type { Reading } from "../source/source.ts";

/**
 * Why a response is no list that can be used.
 *
 * @param service Name of the service.
 * @param reading The response.
 * @param knownCount Number of instances that the last accepted response listed.
 * @param isFiltered Whether the registry had left something out of that one as well: then a shorter
 * list is no news of the token.
 * @returns `undefined` when it can be used.
 */
export function refusalOf(
  service: string,
  reading: Reading,
  knownCount: number,
  isFiltered: boolean,
): PilotedError | undefined {
  const { endpoints, skipped, skippedCount, hidden } = reading;
  const listedCount = endpoints.length + skippedCount;
  if (hidden && (listedCount === 0 || (listedCount < knownCount && !isFiltered))) {
    return denied(service, listedCount, knownCount);
  }
  return listedCount > 0 && endpoints.length === 0
    ? unusable(service, listedCount, skipped[0])
    : undefined;
}

/**
 * The registry left out instances that the token may not read: hidden is not empty.
 *
 * @param service Name of the service.
 * @param listedCount Number of instances that are shown.
 * @param knownCount Number of instances that were shown before.
 */
function denied(service: string, listedCount: number, knownCount: number): PilotedError {
  const what = listedCount === 0 ? "all its instances" : "some of its instances";
  const before = knownCount === 0 ? "" : ` (${listedCount} shown, ${knownCount} before)`;
  return new PilotedError(
    "REGISTRY_DENIED",
    `Cannot use the list of service ${JSON.stringify(service)}: the registry hides ${what} from ` +
      `this token${before}; give the token the permission to read the service and its nodes`,
    { service },
  );
}

/**
 * Instances are listed, and none of them can be used.
 *
 * @param service Name of the service.
 * @param listedCount Number of instances that are listed.
 * @param first Why the first one was left out.
 */
function unusable(
  service: string,
  listedCount: number,
  first: PilotedError | undefined,
): PilotedError {
  const why = reasonAfter(service, listedCount, first);
  return new PilotedError(
    "REGISTRY_RESPONSE",
    `Cannot use the list of service ${JSON.stringify(service)}: ${why}`,
    { service, cause: first },
  );
}

/** `3 listed, 0 usable: port 0`: the reason of the first one without its name, which is one of many. */
export function reasonAfter(
  service: string,
  listedCount: number,
  first: PilotedError | undefined,
): string {
  const { message = "all were left out" } = first ?? {};
  const name = ` of service ${JSON.stringify(service)}: `;
  const at = message.indexOf(name);
  const why = at < 0 ? message : message.slice(at + name.length);
  // In the words of whoever looks for it: Consul says so for services with several ports.
  return `${listedCount} listed, 0 usable: ${why.replace(PORT_ZERO, "port 0")}`;
}

const PORT_ZERO = /^the port must be 1 to 65535, received 0/;
