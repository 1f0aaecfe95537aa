/**
 * A world in which only what happens takes time: events run in the order of their times.
 *
 * @module
 */
import type { Clock, Timer } from "../../src/clock.ts";

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** A clock that jumps from event to event, kept in a binary heap. */
export class VirtualTime implements Clock {
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;

  /** Milliseconds since the beginning. */
  now(): number {
    return this.#now;
  }

  /** Runs `callback` after `delayMs`. */
  start(callback: () => void, delayMs: number): Timer {
    const event: Event = { at: this.#now + delayMs, order: this.#order++, run: callback };
    this.#push(event);
    return { cancel: () => event.run = undefined };
  }

  /** Lets that much time pass, with all that happens in it. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#heap.length > 0 && this.#heap[0]!.at <= end) this.#runNext();
    this.#now = end;
  }

  /** Lets time pass until nothing is left to happen. */
  run(): void {
    while (this.#heap.length > 0) this.#runNext();
  }

  #runNext(): void {
    const event = this.#pop();
    if (event.run === undefined) return;
    this.#now = event.at;
    event.run();
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
