/** A tRPC client of a service: `fetch` of its link is a balanced fetch. */
import { createFetch, type Piloted } from "@piloted/core";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";

/**
 * Makes a client.
 *
 * @param piloted Watches the service.
 * @param service Name of the service, which serves its router below `/trpc`.
 * @returns The client. Queries are GET requests, which are repeated elsewhere; mutations are POST
 * requests, which are not.
 */
export function trpcFor<Router extends AnyTRPCRouter>(
  piloted: Piloted,
  service: string,
): ReturnType<typeof createTRPCClient<Router>> {
  const balanced = createFetch(piloted, { unknownHosts: "reject" });
  return createTRPCClient<AnyTRPCRouter>({
    links: [
      httpBatchLink({
        url: `http://${service}/trpc`,
        fetch: (url, init) => balanced(url, init as RequestInit),
      }),
    ],
  }) as ReturnType<typeof createTRPCClient<Router>>;
}
