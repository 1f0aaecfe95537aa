/**
 * axios with its `fetch` adapter on a balanced fetch: on Deno, Bun and Node alike, with retries,
 * deadlines and hedges, which its `httpAgent` cannot have.
 */
import { createFetch, type Piloted } from "@piloted/core";
import axios, { type AxiosInstance } from "axios";

/**
 * Makes a client of a service.
 *
 * @param piloted Watches the service.
 * @param service Name of the service.
 * @returns An axios instance whose URLs begin below the service.
 */
export function axiosFor(piloted: Piloted, service: string): AxiosInstance {
  return axios.create({
    adapter: "fetch",
    env: { fetch: createFetch(piloted, { unknownHosts: "reject" }) },
    baseURL: `http://${service}/`,
  });
}

/**
 * Reads an order.
 *
 * @param piloted Watches `customers`.
 * @param id Number of the order.
 * @returns The order.
 */
export async function readOrder(piloted: Piloted, id: number): Promise<unknown> {
  return (await axiosFor(piloted, "customers").get(`orders/${id}`)).data;
}
