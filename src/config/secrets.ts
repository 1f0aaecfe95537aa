/**
 * Keeping secrets out of what is shown.
 *
 * @module
 */
import type { Environment } from "../runtime/environment.ts";

/** Names whose values are nobody's business. */
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|KEY/i;
// A member or an argument with such a name, and its value: in quotes, or a word.
const SECRET_MEMBER =
  /((?:token|secret|password|key)["']?\s*[:=]\s*["']?)((?<=")[^"\n]*|(?<=')[^'\n]*|[^\s"',{}[\]]+)/gi;

/**
 * Whether a text mentions a name that looks secret.
 *
 * @param text Such as a template's action.
 * @returns Whether a value that came of it must not be shown.
 */
export function mentionsSecret(text: string): boolean {
  return SECRET_NAME.test(text);
}

/** An environment that remembers which secrets were read from it. */
export class WatchedEnvironment {
  /** The environment, to be read by others. */
  readonly env: Environment;
  readonly #secrets = new Set<string>();

  /**
   * Makes one.
   *
   * @param env What is read in the end.
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
      // As it is, and as it stands in quotes, with quotes and line breaks escaped.
      for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
        masked = masked.replaceAll(form, stars(form));
      }
    }
    return masked;
  }
}

/**
 * Hides values that follow a name which looks secret.
 *
 * @param text What is to be shown.
 * @returns The text with stars, in the same length and with the same lines.
 */
export function maskMembers(text: string): string {
  return text.replace(SECRET_MEMBER, (_, key: string, value: string) => key + stars(value));
}

function stars(text: string): string {
  return text.replace(/[^\r\n]/g, "*");
}
