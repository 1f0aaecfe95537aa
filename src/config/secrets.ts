/**
 * Keeps secrets out of errors and warnings.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";

/** Names of variables and keys whose values are not shown. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|KEY/i;
// A member or an argument with such a name, and its value: in quotes, or a word.
const SECRET_MEMBER =
  /((?:token|secret|password|key)["']?\s*[:=]\s*["']?)((?<=")[^"\n]*|(?<=')[^'\n]*|[^\s"',{}[\]]+)/gi;

// A user name and a password in a URL, or in an address without a scheme.
const CREDENTIALS = /(?<![^\s"'])((?:[a-z][a-z0-9+.-]*:)?\/\/)?[^\s"']+(?=@)/gi;

/**
 * Whether a text mentions a name that looks secret.
 *
 * @param text Such as a template's action.
 * @returns Whether a value that it printed must not be shown.
 */
export function mentionsSecret(text: string): boolean {
  return SECRET_NAME.test(text);
}

/** An environment that remembers which secrets were read from it. */
export class WatchedEnvironment {
  /** The environment, for the template. */
  readonly env: Environment;
  readonly #secrets = new Set<string>();

  /**
   * @param env The environment that is read.
   */
  constructor(env: Environment) {
    const secrets = this.#secrets;
    this.env = new Proxy(env, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof name === "string" && value && mentionsSecret(name)) secrets.add(value);
        return value;
      },
    });
  }

  /**
   * Hides the secrets that were read, besides what {@linkcode maskMembers} hides.
   *
   * @param text What is to be shown.
   * @returns The text with stars, in the same length and with the same lines.
   */
  mask(text: string): string {
    let masked = maskMembers(text);
    // Longer ones first: one secret may be a part of another.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length)) {
      // As it is, and as it is written in quotes, with quotes and line breaks escaped.
      for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
        masked = masked.replaceAll(form, stars(form));
      }
    }
    return masked;
  }
}

/**
 * Hides values that follow a name which looks secret, and credentials in addresses.
 *
 * @param text What is to be shown.
 * @returns The text with stars, in the same length and with the same lines.
 */
export function maskMembers(text: string): string {
  return text
    .replace(SECRET_MEMBER, (_, key: string, value: string) => key + stars(value))
    .replace(CREDENTIALS, (all, scheme: string = "") => scheme + stars(all.slice(scheme.length)));
}

function stars(text: string): string {
  return text.replace(/[^\r\n]/g, "*");
}
