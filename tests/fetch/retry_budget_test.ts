import { assertEquals } from "@std/assert";
import { RetryBudget } from "../../src/fetch/retry_budget.ts";
import { test } from "../support/test.ts";

const EPOCH = 1_700_000_000_000;

function allowed(budget: RetryBudget, now: number, tries = 1_000): number {
  let count = 0;
  while (count < tries && budget.withdraw(now)) count++;
  return count;
}

test("RetryBudget allows three retries a second without any request, and no more", () => {
  const budget = new RetryBudget({ percent: 20, minimumPerSecond: 3, windowMs: 10_000 });
  assertEquals(allowed(budget, EPOCH), 30);
  assertEquals(allowed(budget, EPOCH + 10_000), 0);
  assertEquals(allowed(budget, EPOCH + 11_000), 30);
});

test("RetryBudget allows a fifth of the requests of ten seconds beside the minimum", () => {
  const budget = new RetryBudget({ percent: 20, minimumPerSecond: 0, windowMs: 10_000 });
  for (let i = 0; i < 100; i++) budget.deposit(EPOCH);
  assertEquals(allowed(budget, EPOCH), 20);
  for (let i = 0; i < 5; i++) budget.deposit(EPOCH + 1_000);
  assertEquals(allowed(budget, EPOCH + 2_000), 1);
});

test("RetryBudget forgets requests and retries after its window", () => {
  const budget = new RetryBudget({ percent: 50, minimumPerSecond: 0, windowMs: 1_000 });
  for (let i = 0; i < 10; i++) budget.deposit(EPOCH);
  assertEquals(allowed(budget, EPOCH + 1_100), 0);
  for (let i = 0; i < 10; i++) budget.deposit(EPOCH + 2_000);
  assertEquals(allowed(budget, EPOCH + 2_000), 5);
  for (let i = 0; i < 10; i++) budget.deposit(EPOCH + 3_100);
  assertEquals(allowed(budget, EPOCH + 3_100), 5);
});

test("RetryBudget of nothing allows nothing", () => {
  const budget = new RetryBudget({ percent: 0, minimumPerSecond: 0, windowMs: 10_000 });
  for (let i = 0; i < 1_000; i++) budget.deposit(EPOCH);
  assertEquals(allowed(budget, EPOCH), 0);
});

test("RetryBudget is not confused by a time that stands still or is a moment late", () => {
  const budget = new RetryBudget({ percent: 100, minimumPerSecond: 0, windowMs: 1_000 });
  budget.deposit(EPOCH + 500);
  budget.deposit(EPOCH);
  assertEquals(allowed(budget, EPOCH + 500), 2);
});
