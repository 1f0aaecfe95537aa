/**
 * The routes that write to the catalog directly: nodes without an agent, and their services.
 *
 * @module
 */
import type { CheckEntry } from "./catalog_entry.ts";
import {
  allowed,
  type ConsulApp,
  type ConsulContext,
  type ConsulState,
  type DatacenterState,
  json,
  route,
} from "./consul_context.ts";
import {
  type CatalogBody,
  decodeCatalogBody,
  decodeDeregisterBody,
  serviceOf,
} from "./definitions.ts";
import { withoutIndexes } from "./entries.ts";
import { decodeBody } from "./go_json.ts";
import { Refusal } from "./refusal.ts";

/**
 * Adds the routes.
 *
 * @param app The application to add them to.
 * @param state State that they change.
 */
export function addCatalogRoutes(app: ConsulApp, state: ConsulState): void {
  route(app, "PUT", "/v1/catalog/register", async (context) => {
    const body = await decodeBody(context.req.raw, decodeCatalogBody);
    const { catalog } = writable(context, state, body.Datacenter);
    const { Node: name = "", Address: address = "", ID: id = "" } = body;
    if (name === "") throw new Refusal(500, "Must provide node");
    if (address === "" && !body.SkipNodeUpdate) {
      throw new Refusal(500, "Must provide address if SkipNodeUpdate is not set");
    }
    const known = catalog.node(name)?.row;
    const node = known !== undefined && body.SkipNodeUpdate ? withoutIndexes(known) : {
      id,
      name,
      address,
      taggedAddresses: body.TaggedAddresses ?? null,
      meta: body.NodeMeta ?? null,
    };
    const service = body.Service && serviceOf(body.Service.Service ?? "", body.Service);
    if (service?.name === "") {
      const why =
        "failed inserting service: failed inserting service: object missing primary index";
      throw new Refusal(500, why);
    }
    try {
      catalog.write({ node, service, checks: checksOf(body) });
    } catch (error) {
      throw new Refusal(500, `failed inserting check: ${(error as Error).message}`);
    }
    return json(context, true);
  });

  route(app, "PUT", "/v1/catalog/deregister", async (context) => {
    const body = await decodeBody(context.req.raw, decodeDeregisterBody);
    const { catalog } = writable(context, state, body.Datacenter);
    if (!body.Node) throw new Refusal(500, "Must provide node");
    if (body.ServiceID) catalog.removeService(body.Node, body.ServiceID);
    else if (body.CheckID) catalog.removeCheck(body.Node, body.CheckID);
    else catalog.removeNode(body.Node);
    return json(context, true);
  });
}

function checksOf({ Check, Checks = [] }: Partial<CatalogBody>): CheckEntry[] {
  return [...Check === undefined ? [] : [Check], ...Checks].map((check) => ({
    id: check.CheckID || check.Name || "",
    name: check.Name ?? "",
    // Any text is accepted here, as in Consul.
    status: check.Status || "critical",
    notes: check.Notes ?? "",
    output: check.Output ?? "",
    serviceId: check.ServiceID ?? "",
    type: check.Type ?? "",
  }));
}

function writable(
  context: ConsulContext,
  state: ConsulState,
  name: string = state.local.name,
): DatacenterState {
  const datacenter = state.datacenters.get(name);
  if (datacenter === undefined) throw new Refusal(500, "No path to datacenter");
  if (!allowed(context, state)) throw new Refusal(403, "Permission denied");
  return datacenter;
}
