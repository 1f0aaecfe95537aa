/**
 * The routes of the agent: the services on its node, and their checks.
 *
 * @module
 */
import { parseGoBoolean } from "../go_boolean.ts";
import type { ServiceEntry } from "./catalog_entry.ts";
import {
  type Caller,
  callerOf,
  type ConsulApp,
  type ConsulContext,
  type ConsulState,
  filteredHeaders,
  json,
  nameAfter,
  paramsOf,
  route,
} from "./consul_context.ts";
import { agentServiceJson, checkJson, type JsonForm } from "./consul_json.ts";
import {
  type AgentServiceBody,
  checkOf,
  decodeCheckBody,
  decodersFor,
  decodeUpdateBody,
  isCheckStatus,
  serviceOf,
} from "./definitions.ts";
import type { CheckDefinition } from "./entries.ts";
import { parseFilter } from "./filter_expression.ts";
import { agentServiceFields } from "./filter_schema.ts";
import { decodeBody } from "./go_json.ts";
import { mayNameTenants } from "./read_scope.ts";
import { Refusal } from "./refusal.ts";

const AGENT = "/v1/agent";

/**
 * Adds the routes.
 *
 * @param app The application to add them to.
 * @param state State that they read and change.
 */
export function addAgentRoutes(app: ConsulApp, state: ConsulState): void {
  addServiceRoutes(app, state);
  addCheckRoutes(app, state);

  route(app, "GET", `${AGENT}/self`, (context) => {
    const { name: datacenter, agent: { node } } = state.local;
    callerOf(context, state).must("agent", node.name, "read", true);
    return json(context, state, {
      Config: {
        Datacenter: datacenter,
        NodeName: node.name,
        NodeID: node.id,
        Revision: "",
        Server: true,
        Version: state.profile.release,
      },
      Member: { Name: node.name, Addr: node.address, Status: 1, Tags: { dc: datacenter } },
      Meta: node.meta,
    });
  });

  route(app, "PUT", `${AGENT}/maintenance`, (context) => {
    const { on, reason } = maintenanceOf(context);
    callerOf(context, state).must("node", state.local.agent.node.name, "write", true);
    state.local.agent.setMaintenance("", on, reason);
    return done();
  });
}

function addServiceRoutes(app: ConsulApp, state: ConsulState): void {
  const { agent } = state.local;
  const decoders = decodersFor(state.profile, state.enterprise);

  route(app, "GET", `${AGENT}/services`, (context) => {
    const caller = callerOf(context, state);
    mayNameTenants(context, state);
    const filter = parseFilter(
      paramsOf(context).get("filter") ?? "",
      agentServiceFields(state.profile),
    );
    const all = agent.services.map((service) => ({
      service,
      json: agentServiceJson(service, formOf(state)),
    })).filter(({ json }) => filter(json));
    const seen = all.filter(({ service }) => caller.may("service", service.name));
    return json(
      context,
      state,
      Object.fromEntries(seen.map(({ service, json }) => [service.id, json])),
      filteredHeaders(state, caller, seen.length < all.length),
    );
  });

  route(app, "PUT", `${AGENT}/service/register`, async (context) => {
    mayNameTenants(context, state);
    const body = await decodeBody(context.req.raw, decoders.service);
    if (!body.Name) throw new Refusal(400, "Missing service name");
    const service = serviceOf(body.Name, body);
    const checks = checksOf(service, body);
    callerOf(context, state).must("service", service.name, "write");
    agent.addService(service, checks);
    if (paramsOf(context).get("replace-existing-checks") === "true") {
      const ids = checks.map(({ entry }) => entry.id);
      for (const { id, serviceId } of agent.checks) {
        if (serviceId === service.id && !ids.includes(id)) agent.removeCheck(id);
      }
    }
    return done();
  });

  route(app, "PUT", `${AGENT}/service/deregister/*`, (context) => {
    const id = nameAfter(context, `${AGENT}/service/deregister/`);
    mayWriteService(context, state, id);
    if (id === "") throw new Refusal(500, "ServiceID missing");
    agent.removeService(id);
    return done();
  });

  route(app, "PUT", `${AGENT}/service/maintenance/*`, (context) => {
    const id = nameAfter(context, `${AGENT}/service/maintenance/`);
    if (id === "") throw new Refusal(400, "Missing service ID");
    const { on, reason } = maintenanceOf(context);
    mayWriteService(context, state, id);
    if (!agent.services.some((service) => service.id === id)) {
      throw new Refusal(404, `No service registered with ID "${id}"`);
    }
    agent.setMaintenance(id, on, reason);
    return done();
  });
}

function addCheckRoutes(app: ConsulApp, state: ConsulState): void {
  const { agent, catalog } = state.local;

  route(app, "GET", `${AGENT}/checks`, (context) => {
    const caller = callerOf(context, state);
    const all = agent.checks;
    const services = new Map(agent.services.map((service) => [service.id, service]));
    const checks = all.filter(({ serviceId }) => {
      const service = services.get(serviceId);
      return service === undefined
        ? caller.may("node", agent.node.name)
        : caller.may("service", service.name);
    });
    const { row } = catalog.node(agent.node.name)!;
    return json(
      context,
      state,
      Object.fromEntries(checks.map((check) => [check.id, {
        ...checkJson(check, row, services.get(check.serviceId), formOf(state)),
        // An agent does not know the indexes of its own writes.
        CreateIndex: 0,
        ModifyIndex: 0,
      }])),
      filteredHeaders(state, caller, checks.length < all.length),
    );
  });

  route(app, "PUT", `${AGENT}/check/register`, async (context) => {
    const body = await decodeBody(context.req.raw, decodeCheckBody);
    if (!body.Name) throw new Refusal(400, "Missing check name");
    if (body.Status && !isCheckStatus(body.Status)) throw new Refusal(400, "Bad check status");
    const serviceId = body.ServiceID ?? "";
    const check = checkOf(body, { id: body.Name, name: body.Name, serviceId });
    const service = agent.services.find(({ id }) => id === serviceId);
    mayWriteFor(callerOf(context, state), state, service?.name);
    if (serviceId !== "" && service === undefined) {
      throw new Refusal(500, `ServiceID "${serviceId}" does not exist`);
    }
    agent.addCheck(check);
    return done();
  });

  route(app, "PUT", `${AGENT}/check/deregister/*`, (context) => {
    const id = nameAfter(context, `${AGENT}/check/deregister/`);
    mayWriteCheck(context, state, id);
    if (id === "") throw new Refusal(500, "CheckID missing");
    agent.removeCheck(id);
    return done();
  });

  for (const [verb, status] of [["pass", "passing"], ["warn", "warning"], ["fail", "critical"]]) {
    route(app, "PUT", `${AGENT}/check/${verb}/*`, (context) => {
      const id = nameAfter(context, `${AGENT}/check/${verb}/`);
      return report(context, state, id, status!, paramsOf(context).get("note") ?? "");
    });
  }

  route(app, "PUT", `${AGENT}/check/update/*`, async (context) => {
    const { Status = "", Output = "" } = await decodeBody(context.req.raw, decodeUpdateBody);
    if (!isCheckStatus(Status)) throw new Refusal(400, `Invalid check status: '${Status}'`);
    const id = nameAfter(context, `${AGENT}/check/update/`);
    return report(context, state, id, Status, Output);
  });
}

function report(
  context: ConsulContext,
  state: ConsulState,
  id: string,
  status: string,
  output: string,
): Response {
  mayWriteCheck(context, state, id);
  if (!state.local.agent.report(id, status, output)) {
    throw new Refusal(500, `CheckID "${id}" does not have associated TTL`);
  }
  return done();
}

function checksOf(service: ServiceEntry, body: Partial<AgentServiceBody>): CheckDefinition[] {
  const given = [body.Check ?? {}, ...body.Checks ?? []]
    .filter((check) => Object.keys(check).length > 0);
  return given.map((check, index) => {
    if (check.Status && !isCheckStatus(check.Status)) {
      throw new Refusal(400, "Status for checks must 'passing', 'warning', 'critical'");
    }
    const numbered = given.length > 1 ? `:${index + 1}` : "";
    return checkOf(check, {
      id: `service:${service.id}${numbered}`,
      name: `Service '${service.name}' check`,
      serviceId: service.id,
    });
  });
}

// With ACLs, and from 1.11 always, Consul first looks for the service to check the permission, so an
// unknown id fails.
function mayWriteService(context: ConsulContext, state: ConsulState, id: string): void {
  const caller = callerOf(context, state);
  const service = state.local.agent.services.find((service) => service.id === id);
  if (service !== undefined) return caller.must("service", service.name, "write");
  if (state.profile.unknownIds) {
    const why = "Ensure that the service ID is passed, not the service name.";
    throw new Refusal(404, `Unknown service ID ${JSON.stringify(id)}. ${why}`);
  }
  if (state.access.enabled) throw new Refusal(500, `Unknown service {"${id}" {}}`);
}

function mayWriteCheck(context: ConsulContext, state: ConsulState, id: string): void {
  const caller = callerOf(context, state);
  const { agent } = state.local;
  const check = agent.checks.find((check) => check.id === id);
  if (check !== undefined) {
    const service = agent.services.find((service) => service.id === check.serviceId);
    return mayWriteFor(caller, state, service?.name);
  }
  if (state.profile.unknownIds) {
    const why = "Ensure that the check ID is passed, not the check name.";
    throw new Refusal(404, `Unknown check ID ${JSON.stringify(id)}. ${why}`);
  }
  if (state.access.enabled) throw new Refusal(500, `Unknown check "${id}"`);
}

function mayWriteFor(caller: Caller, state: ConsulState, service: string | undefined): void {
  if (service !== undefined) caller.must("service", service, "write");
  else caller.must("node", state.local.agent.node.name, "write");
}

function formOf({ local, profile, enterprise }: ConsulState): JsonForm {
  return { datacenter: local.name, profile, enterprise };
}

function maintenanceOf(context: ConsulContext): { on: boolean; reason: string } {
  const params = paramsOf(context);
  const enable = params.get("enable");
  if (enable === null) throw new Refusal(400, "Missing value for enable");
  const on = parseGoBoolean(enable);
  if (on === undefined) {
    throw new Refusal(400, `Invalid value for enable: ${JSON.stringify(enable)}`);
  }
  return { on, reason: params.get("reason") ?? "" };
}

function done(): Response {
  return new Response(null, { headers: { Vary: "Accept-Encoding" } });
}
