import { assert, assertEquals } from "@std/assert";
import { PilotedError } from "../../src/errors.ts";
import { renderTemplate, type RenderTemplateOptions } from "../../src/template/mod.ts";
import { test } from "../support/test.ts";

/** Variables of most tests. */
export const ENV: Readonly<Record<string, string>> = {
  NAME: "Template",
  USER: "pilot",
  EMPTY: "",
  COUNT: "3",
  PARTS: "a:b:c",
  UNI: "héllo世界",
  Q: 'say "hi" & <b>',
};

/** Renders with the variables of most tests. */
export function render(template: string, env: Record<string, string> = ENV): Promise<string> {
  return renderTemplate(template, { env });
}

/** The error that rendering ends in; fails where it ends in none. */
export async function failure(
  template: string,
  options: Partial<RenderTemplateOptions> = {},
): Promise<PilotedError> {
  let output: string;
  try {
    output = await renderTemplate(template, { env: ENV, ...options });
  } catch (error) {
    assert(error instanceof PilotedError, `${template}: ${error}`);
    assertEquals(error.code, "TEMPLATE_INVALID", template);
    return error;
  }
  throw new Error(`${JSON.stringify(template)} gave ${JSON.stringify(output)}, not an error`);
}

/** Registers a test that each template gives the text that stands beside it. */
export function testOutputs(name: string, cases: readonly (readonly [string, string])[]): void {
  test(name, async () => {
    for (const [template, output] of cases) {
      assertEquals(await render(template), output, template);
    }
  });
}

/** Registers a test that each template is refused at a stage. */
export function testFailures(
  name: string,
  stage: "parse" | "exec",
  templates: readonly string[],
): void {
  test(name, async () => {
    for (const template of templates) {
      assertEquals((await failure(template)).stage, stage, template);
    }
  });
}
