/**
 * The routes that write to the catalog directly: nodes without an agent, and their services.
 *
 * @module
 */
import type { Catalog } from "./catalog.ts";
import type { CheckEntry } from "./catalog_entry.ts";
import {
  callerOf,
  type ConsulApp,
  type ConsulContext,
  type ConsulState,
  type DatacenterState,
  json,
  route,
} from "./consul_context.ts";
import { type CatalogBody, decodersFor, type DeregisterBody, serviceOf } from "./definitions.ts";
import { nodeEntry, withoutIndexes } from "./entries.ts";
import { decodeBody } from "./go_json.ts";
import { Refusal } from "./refusal.ts";

/**
 * Adds the routes.
 *
 * @param app The application to add them to.
 * @param state State that they change.
 */
export function addCatalogRoutes(app: ConsulApp, state: ConsulState): void {
  const decoders = decodersFor(state.profile, state.enterprise);

  route(app, "PUT", "/v1/catalog/register", async (context) => {
    const body = await decodeBody(context.req.raw, decoders.catalog);
    const { catalog } = datacenterNamed(state, body.Datacenter);
    const { PeerName: peer = "", Locality } = body;
    const { Node: name = "", Address: address = "", ID: id = "" } = body;
    if (name === "") throw new Refusal(500, "Must provide node");
    if (address === "" && !body.SkipNodeUpdate) {
      throw new Refusal(500, "Must provide address if SkipNodeUpdate is not set");
    }
    const caller = callerOf(context, state);
    caller.must("node", name, "write", true);
    const serviceName = body.Service?.Service;
    if (serviceName) caller.must("service", serviceName, "write", true);
    const known = catalog.node(name, peer)?.row;
    const node = known !== undefined && body.SkipNodeUpdate ? withoutIndexes(known) : nodeEntry({
      id,
      name,
      address,
      peer,
      partition: body.Partition || "default",
      locality: Locality ? { Region: Locality.Region ?? "", Zone: Locality.Zone ?? "" } : null,
      taggedAddresses: body.TaggedAddresses ?? null,
      meta: body.NodeMeta ?? null,
    });
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
    return json(context, state, true);
  });

  route(app, "PUT", "/v1/catalog/deregister", async (context) => {
    const body = await decodeBody(context.req.raw, decoders.deregister);
    const { catalog } = datacenterNamed(state, body.Datacenter);
    if (!body.Node) throw new Refusal(500, "Must provide node");
    const { PeerName: peer = "" } = body;
    mayRemove(context, state, catalog, body, body.Node);
    if (body.ServiceID) catalog.removeService(body.Node, body.ServiceID, peer);
    else if (body.CheckID) catalog.removeCheck(body.Node, body.CheckID, peer);
    else catalog.removeNode(body.Node, peer);
    return json(context, state, true);
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

function datacenterNamed(state: ConsulState, name: string = state.local.name): DatacenterState {
  const datacenter = state.datacenters.get(name);
  if (datacenter === undefined) throw new Refusal(500, "No path to datacenter");
  return datacenter;
}

// `vetDeregisterWithACL` of `agent/consul/acl.go`.
function mayRemove(
  context: ConsulContext,
  state: ConsulState,
  catalog: Catalog,
  { ServiceID, CheckID, PeerName = "" }: Partial<DeregisterBody>,
  node: string,
): void {
  const caller = callerOf(context, state);
  if (caller.may("node", node, "write")) return;
  const found = catalog.node(node, PeerName);
  if (ServiceID) {
    const service = found?.services.get(ServiceID);
    if (service === undefined) throw new Refusal(500, `Unknown service '${ServiceID}'`);
    return caller.must("service", service.name, "write", true);
  }
  if (CheckID) {
    const check = found?.checks.get(CheckID);
    if (check === undefined) throw new Refusal(500, `Unknown check '${CheckID}'`);
    const service = found?.services.get(check.serviceId);
    if (service !== undefined) return caller.must("service", service.name, "write", true);
  }
  caller.must("node", node, "write", true);
}
