/**
 * ky on the balanced fetch.
 *
 * ky's own retries and timeout are off: Piloted's go to another endpoint each, within a budget.
 */
import { createFetch, type Piloted } from "@piloted/core";
import ky from "ky";

/** An order of a customer. */
export interface Order {
  id: number;
  customer: string;
}

/**
 * Asks the service `customers` for an order.
 *
 * @param piloted Watches `customers`.
 * @param id Number of the order.
 * @returns The order.
 */
export async function readOrder(piloted: Piloted, id: number): Promise<Order> {
  const client = ky.create({
    prefixUrl: "http://customers",
    fetch: createFetch(piloted, { timeoutMs: 2_000 }),
    retry: 0,
    timeout: false,
  });
  return await client.get(`orders/${id}`).json<Order>();
}
