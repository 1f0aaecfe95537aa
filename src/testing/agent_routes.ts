/**
 * The routes of the agent: the services on its node, and their checks.
 *
 * @module
 */
import { parseGoBoolean } from "../go_boolean.ts";
import type { ServiceEntry } from "./catalog_entry.ts";
import {
  allowed,
  type ConsulApp,
  type ConsulContext,
  type ConsulState,
  json,
  nameAfter,
  paramsOf,
  route,
} from "./consul_context.ts";
import { agentServiceJson, checkJson } from "./consul_json.ts";
import {
  type AgentServiceBody,
  checkOf,
  decodeCheckBody,
  decodeServiceBody,
  decodeUpdateBody,
  isCheckStatus,
  serviceOf,
} from "./definitions.ts";
import type { CheckDefinition } from "./entries.ts";
import { decodeBody } from "./go_json.ts";
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
    if (!allowed(context, state)) throw new Refusal(403, "Permission denied");
    const { name: datacenter, agent: { node } } = state.local;
    return json(context, {
      Config: {
        Datacenter: datacenter,
        NodeName: node.name,
        NodeID: node.id,
        Revision: "",
        Server: true,
        Version: "1.8.7",
      },
      Member: { Name: node.name, Addr: node.address, Status: 1, Tags: { dc: datacenter } },
      Meta: node.meta,
    });
  });

  route(app, "PUT", `${AGENT}/maintenance`, (context) => {
    const { on, reason } = maintenanceOf(context);
    if (!allowed(context, state)) throw new Refusal(403, "Permission denied");
    state.local.agent.setMaintenance("", on, reason);
    return done();
  });
}

function addServiceRoutes(app: ConsulApp, state: ConsulState): void {
  const { agent } = state.local;

  route(app, "GET", `${AGENT}/services`, (context) => {
    const services = allowed(context, state) ? agent.services : [];
    return json(
      context,
      Object.fromEntries(services.map((service) => [service.id, agentServiceJson(service)])),
    );
  });

  route(app, "PUT", `${AGENT}/service/register`, async (context) => {
    const body = await decodeBody(context.req.raw, decodeServiceBody);
    if (!body.Name) throw new Refusal(400, "Missing service name");
    const service = serviceOf(body.Name, body);
    const checks = checksOf(service, body);
    mayWrite(context, state, service.name);
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
    const checks = allowed(context, state) ? agent.checks : [];
    const services = new Map(agent.services.map((service) => [service.id, service]));
    return json(
      context,
      Object.fromEntries(checks.map((check) => [check.id, {
        ...checkJson(check, catalog.node(agent.node.name)!.row, services.get(check.serviceId)),
        // An agent does not know the indexes of its own writes.
        CreateIndex: 0,
        ModifyIndex: 0,
      }])),
    );
  });

  route(app, "PUT", `${AGENT}/check/register`, async (context) => {
    const body = await decodeBody(context.req.raw, decodeCheckBody);
    if (!body.Name) throw new Refusal(400, "Missing check name");
    if (body.Status && !isCheckStatus(body.Status)) throw new Refusal(400, "Bad check status");
    const serviceId = body.ServiceID ?? "";
    const check = checkOf(body, { id: body.Name, name: body.Name, serviceId });
    const service = agent.services.find(({ id }) => id === serviceId);
    mayWrite(context, state, service?.name);
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

// With ACLs Consul must find the service to check the permission, so an unknown id fails.
function mayWriteService(context: ConsulContext, state: ConsulState, id: string): void {
  const service = state.local.agent.services.find((service) => service.id === id);
  mayWrite(context, state, service?.name, `Unknown service {"${id}" {}}`);
}

function mayWriteCheck(context: ConsulContext, state: ConsulState, id: string): void {
  const { agent } = state.local;
  const check = agent.checks.find((check) => check.id === id);
  const service = agent.services.find((service) => service.id === check?.serviceId);
  mayWrite(
    context,
    state,
    service?.name,
    check === undefined ? `Unknown check "${id}"` : undefined,
  );
}

function mayWrite(
  context: ConsulContext,
  state: ConsulState,
  service: string | undefined,
  unknown?: string,
): void {
  const may = allowed(context, state);
  if (state.token === undefined) return;
  if (service === undefined && unknown !== undefined) throw new Refusal(500, unknown);
  if (may) return;
  const missing = service === undefined ? "" : `: Missing service:write on ${service}`;
  throw new Refusal(403, `Permission denied${missing}`);
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
