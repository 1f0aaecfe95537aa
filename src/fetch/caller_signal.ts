/**
 * Following the signals of callers.
 *
 * @module
 */

/** Something that ends with a signal. */
export interface SignalFollower {
  /** Called when the signal aborts. */
  abort(reason: unknown): void;
}

interface Followers {
  readonly all: Set<SignalFollower>;
  readonly listener: () => void;
}

const FOLLOWED = new WeakMap<AbortSignal, Followers>();

/**
 * Follows a signal. However many follow it, it has one listener, so that Node does not warn of a leak,
 * and none when the last has ended.
 *
 * @param signal The signal, which has not aborted.
 * @param follower What ends with it.
 */
export function followSignal(signal: AbortSignal, follower: SignalFollower): void {
  const known = FOLLOWED.get(signal);
  if (known !== undefined) return void known.all.add(follower);
  const all = new Set([follower]);
  const listener = () => {
    for (const each of [...all]) each.abort(signal.reason);
  };
  FOLLOWED.set(signal, { all, listener });
  signal.addEventListener("abort", listener, { once: true });
}

/**
 * Follows a signal no longer.
 *
 * @param signal The signal.
 * @param follower What followed it.
 */
export function unfollowSignal(signal: AbortSignal, follower: SignalFollower): void {
  const followers = FOLLOWED.get(signal);
  if (!followers?.all.delete(follower) || followers.all.size > 0) return;
  FOLLOWED.delete(signal);
  signal.removeEventListener("abort", followers.listener);
}
