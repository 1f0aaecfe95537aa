/**
 * A balancer of your own.
 *
 * @module
 */
import type { BalanceFunction, Balancer, PickOptions } from "./balancer.ts";
import type { Member } from "./member.ts";

const NO_OPTIONS: PickOptions = Object.freeze({});

/** Calls a function to pick. */
export class Custom implements Balancer {
  /** Name of the algorithm. */
  readonly name: "custom" = "custom";
  readonly #choose: BalanceFunction;
  #members: readonly Member[] = [];
  #known: ReadonlySet<unknown> = new Set();

  constructor(choose: BalanceFunction) {
    this.#choose = choose;
  }

  /** Replaces the list. */
  update(eligible: readonly Member[]): void {
    this.#members = eligible;
    this.#known = new Set(eligible);
  }

  /**
   * Calls the function with the members that are not excluded.
   *
   * @param options Options of this pick.
   * @returns What the function returned.
   * @throws {TypeError} when the function returned anything but one of its candidates or `undefined`.
   */
  pick(options: PickOptions = NO_OPTIONS): Member | undefined {
    const { exclude } = options;
    const members = exclude === undefined
      ? this.#members
      : this.#members.filter((member) => !exclude(member.endpoint));
    if (members.length === 0) return undefined;
    const choice = this.#choose(members, options);
    if (choice === undefined || this.#known.has(choice)) return choice as Member | undefined;
    throw new TypeError(
      "Cannot pick an endpoint: the balancer function must return one of its candidates or " +
        `undefined, received ${typeof choice}`,
    );
  }
}
