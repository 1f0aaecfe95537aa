/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The OpenAPI document as a page.
 *
 * @module
 */
import type { OpenApiObject } from "../routes/openapi.ts";
import { Bar, Document } from "./document.tsx";
import type { Html } from "./html.ts";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description: string;
}

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<
    Record<string, { description: string; content?: Record<string, { schema: Schema }> }>
  >;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** A page with every operation and body. */
export function DocsPage(
  { document, root }: { document: OpenApiObject; root: string },
): Html {
  const { paths, components } = document as unknown as {
    paths: Record<string, Record<string, Described>>;
    components: { schemas: Record<string, Schema> };
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
  );
  return (
    <Document title="API · Piloted" root={root}>
      <Bar root={root} />
      <main id="main" class="docs" tabindex={-1}>
        <h1>API</h1>
        <p>
          Every error is a problem document (RFC 9457). Machine-readable:{" "}
          <a href={`${root}openapi.json`}>OpenAPI 3.1</a>.
        </p>
        <nav aria-label="Operations">
          <ul>
            {operations.map(({ path, method, operation }) => (
              <li>
                <a href={`#${operation.operationId}`}>
                  <code>{method.toUpperCase()} {path}</code>
                </a>{" "}
                {operation.summary}
              </li>
            ))}
          </ul>
        </nav>
        {operations.map((each) => <Operation {...each} />)}
        <h2>Bodies</h2>
        {Object.entries(components.schemas).map(([name, schema]) => (
          <Definition name={name} schema={schema} />
        ))}
      </main>
    </Document>
  );
}

function Operation({ path, method, operation }: {
  path: string;
  method: string;
  operation: Described;
}): Html {
  const { operationId, summary, description, parameters, responses } = operation;
  return (
    <section class="card" id={operationId} aria-labelledby={`${operationId}-title`}>
      <h2 id={`${operationId}-title`}>
        <code>{method.toUpperCase()} {path}</code>
      </h2>
      <p>{summary}. {description !== undefined && <Text text={description} />}</p>
      {parameters.length > 0 && (
        <dl>
          {parameters.map(({ name, in: place, description }) => (
            <>
              <dt>
                <code>{name}</code> <span class="quiet">{place}</span>
              </dt>
              <dd>
                <Text text={description} />
              </dd>
            </>
          ))}
        </dl>
      )}
      <h3>Responses</h3>
      <dl>
        {Object.entries(responses).map(([status, { description, content = {} }]) => (
          <>
            <dt>{status === "default" ? "other" : status}</dt>
            <dd>
              <Text text={description} />{" "}
              {Object.entries(content).map(([type, { schema }]) => (
                <span class="quiet">
                  {type} <TypeName schema={schema} />
                </span>
              ))}
            </dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function Definition({ name, schema }: { name: string; schema: Schema }): Html {
  return (
    <section class="card" id={`body-${name}`} aria-labelledby={`body-${name}-title`}>
      <h3 id={`body-${name}-title`}>{name}</h3>
      {schema.description !== undefined && (
        <p>
          <Text text={schema.description} />
        </p>
      )}
      <dl>
        {Object.entries(schema.properties ?? {}).map(([property, inner]) => (
          <>
            <dt>
              <code>{property}</code> <TypeName schema={inner} />
              {!schema.required?.includes(property) && <span class="quiet">optional</span>}
            </dt>
            <dd>{inner.description !== undefined && <Text text={inner.description} />}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function TypeName({ schema }: { schema: Schema }): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1)!;
    return <a href={`#body-${name}`}>{name}</a>;
  }
  if (schema.enum !== undefined) return <span class="quiet">{schema.enum.join(" | ")}</span>;
  if (schema.const !== undefined) return <span class="quiet">{String(schema.const)}</span>;
  if (schema.items !== undefined) {
    return (
      <span class="quiet">
        list of <TypeName schema={schema.items} />
      </span>
    );
  }
  return <span class="quiet">{schema.type ?? "anything"}</span>;
}

/** Text with code in backticks. */
function Text({ text }: { text: string }): Html {
  return (
    <>
      {text.split("`").map((part, index) => index % 2 === 1 ? <code>{part}</code> : part)}
    </>
  );
}
