/**
 * A typed client of an API that OpenAPI describes, on the balanced fetch: openapi-fetch.
 *
 * `paths` is what `openapi-typescript` writes from the API's description.
 */
import { createFetch, type Piloted } from "@piloted/core";
import createClient from "openapi-fetch";

/** An order of a customer. */
export interface Order {
  id: number;
  customer: string;
}

interface paths {
  "/orders/{id}": {
    get: {
      parameters: { path: { id: number } };
      responses: { 200: { content: { "application/json": Order } } };
    };
  };
}

/**
 * Asks the service `customers` for an order.
 *
 * @param piloted Watches `customers`.
 * @param id Number of the order.
 * @returns The order.
 */
export async function readOrder(piloted: Piloted, id: number): Promise<Order> {
  const client = createClient<paths>({
    baseUrl: "http://customers",
    fetch: createFetch(piloted, { timeoutMs: 2_000 }),
  });
  const { data } = await client.GET("/orders/{id}", { params: { path: { id } } });
  if (data === undefined) throw new Error(`Cannot read order ${id}`);
  return data;
}
