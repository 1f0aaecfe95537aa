/**
 * Members of a pool and the balancers over those that may be picked.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import type { Balancer } from "./balancer.ts";
import type { Member } from "./member.ts";

/** What every list of a pool has in common. */
export interface ListSettings {
  /** Creates the balancer of `pick()`. */
  readonly createPicker: () => Balancer;
  /** Creates the balancer of `acquire()`; `undefined` where it is that of `pick()`. */
  readonly createLeaser: (() => Balancer) | undefined;
  /** Ejections are ignored while less than this percentage is usable. */
  readonly panicPercent: number;
}

/** Members, in panic or not, with one balancer for `pick()` and one for `acquire()`. */
export class BalancedList {
  /** Balancer of `pick()`. */
  readonly picker: Balancer;
  /** Balancer of `acquire()`. */
  readonly leaser: Balancer;
  /** Members that are listed and not in maintenance. */
  candidates: readonly Member[] = [];
  /** How many of them are not ejected. */
  usableCount = 0;
  /** Whether so few are usable that ejections are ignored. */
  panic = false;
  readonly #panicPercent: number;

  /**
   * Creates an empty list.
   *
   * @param settings Balancers and limit.
   */
  constructor({ createPicker, createLeaser, panicPercent }: ListSettings) {
    this.picker = createPicker();
    this.leaser = createLeaser?.() ?? this.picker;
    this.#panicPercent = panicPercent;
  }

  /**
   * Receives every instance that the registry lists, whatever its health.
   *
   * @param instances All instances.
   */
  know(instances: readonly Endpoint[]): void {
    this.picker.know?.(instances);
    if (this.leaser !== this.picker) this.leaser.know?.(instances);
  }

  /** Decides anew who may be picked: members that are not ejected, or all of them in panic. */
  decide(): void {
    const total = this.candidates.length;
    const usable = this.candidates.filter((member) => member.outlier.ejectedUntil === 0);
    this.usableCount = usable.length;
    this.panic = usable.length < total * this.#panicPercent / 100;
    const eligible = this.panic || usable.length === total ? this.candidates : usable;
    this.picker.update(eligible);
    if (this.leaser !== this.picker) this.leaser.update(eligible);
  }

  /**
   * Called when the requests in flight or the latency of a member have changed.
   *
   * @param member Any member.
   */
  touch(member: Member): void {
    this.picker.touch?.(member);
    if (this.leaser !== this.picker) this.leaser.touch?.(member);
  }
}
