/** graphql-request on a balanced fetch. */
import { createFetch, type Piloted } from "@piloted/core";
import { GraphQLClient } from "graphql-request";

/**
 * Makes a client. GraphQL's POST requests are not repeated once they were sent; with `method: "GET"`
 * queries are.
 *
 * @param piloted Watches the service.
 * @param service Name of the service, which serves GraphQL at `/graphql`.
 * @returns The client.
 */
export function graphqlFor(piloted: Piloted, service: string): GraphQLClient {
  const balanced = createFetch(piloted, { unknownHosts: "reject" });
  return new GraphQLClient(`http://${service}/graphql`, { fetch: balanced as typeof fetch });
}

/**
 * Reads the name of a customer.
 *
 * @param piloted Watches `customers`.
 * @param id Number of the customer.
 * @returns The name.
 */
export async function readName(piloted: Piloted, id: number): Promise<string> {
  const query = "query Name($id: Int!) { customer(id: $id) { name } }";
  const answer = await graphqlFor(piloted, "customers").request<{ customer: { name: string } }>(
    query,
    { id },
  );
  return answer.customer.name;
}
