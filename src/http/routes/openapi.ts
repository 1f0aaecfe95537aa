/**
 * The OpenAPI document.
 *
 * @module
 */
import { toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type { Operation, ResponseDescription } from "./operations.ts";
import { OPERATIONS } from "./operations.ts";
import * as bodies from "./response_schemas.ts";

const DEFINITIONS = {
  Endpoint: bodies.EndpointBody,
  Service: bodies.ServiceBody,
  ServiceSummary: bodies.SummaryBody,
  Services: bodies.ServicesBody,
  Watch: bodies.WatchBody,
  Instances: bodies.InstancesBody,
  Status: bodies.StatusBody,
  Problem: bodies.ProblemBody,
};

/** An object in an OpenAPI document. */
export type OpenApiObject = Readonly<Record<string, unknown>>;

/**
 * Describes the service in OpenAPI 3.1, from the same schemas that validate its query parameters.
 *
 * @returns The document.
 */
export function openApiDocument(): OpenApiObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const path = openApiPath(operation.path);
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(name, operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Piloted lookup service",
      version: "1",
      description: "Healthy endpoints of the services in containerpilot.json5, over HTTP.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "./" }],
    paths,
    components: {
      schemas: toJsonSchemaDefs(DEFINITIONS, {
        overrideRef: ({ referenceId }) => ref(referenceId),
      }),
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
    // Alternatives: the operator decides whether a token is required.
    security: [{}, { bearer: [] }],
  };
}

function describe(operationId: string, operation: Operation): OpenApiObject {
  const { summary, description } = operation;
  const responses = Object.entries(operation.responses)
    .map(([status, each]) => [status, responseObject(each)]);
  const problem = responseObject({
    description: "Any other error.",
    type: "application/problem+json",
    schema: bodies.ProblemBody,
  });
  return {
    operationId,
    summary,
    description,
    parameters: [...pathParameters(operation), ...queryParameters(operation)],
    responses: { ...Object.fromEntries(responses), default: problem },
  };
}

function responseObject(
  { description, type = "application/json", schema }: ResponseDescription,
): OpenApiObject {
  if (schema !== undefined) return { description, content: { [type]: { schema: refTo(schema) } } };
  const isText = type.startsWith("text/");
  return isText
    ? { description, content: { [type]: { schema: { type: "string" } } } }
    : { description };
}

function refTo(schema: NonNullable<ResponseDescription["schema"]>): OpenApiObject {
  const known = Object.entries(DEFINITIONS).find(([, definition]) => definition === schema);
  return known === undefined ? withoutDialect(toJsonSchema(schema)) : { $ref: ref(known[0]) };
}

function pathParameters({ path }: Operation): OpenApiObject[] {
  const parameters = path.includes(":name")
    ? [parameter("name", "path", { type: "string" }, "Name of a watched service.")]
    : [];
  if (!path.endsWith("*")) return parameters;
  return [
    ...parameters,
    parameter("rest", "path", { type: "string" }, "Path of the redirect's target."),
  ];
}

function queryParameters({ query }: Operation): OpenApiObject[] {
  if (query === undefined) return [];
  const { properties = {} } = toJsonSchema(query, { typeMode: "input" });
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as Record<string, unknown>;
    return { ...parameter(name, "query", rest, String(description)), required: false };
  });
}

function parameter(
  name: string,
  place: string,
  schema: object,
  description: string,
): OpenApiObject {
  return { name, in: place, required: true, description, schema };
}

function openApiPath(path: string): string {
  return path.replace(/:([a-z]+)/g, "{$1}").replace(/\*$/, "{rest}");
}

function ref(name: string): string {
  return `#/components/schemas/${name}`;
}

// OpenAPI 3.1 defines the dialect for the whole document.
function withoutDialect({ $schema: _, ...schema }: { $schema?: unknown }): OpenApiObject {
  return schema;
}
