/**
 * Go's `text/template` as ContainerPilot uses it, without ContainerPilot.
 *
 * @module
 */
export { DEFAULT_TEMPLATE_LIMITS, type TemplateLimits } from "./limits.ts";
export { renderTemplate, type RenderTemplateOptions } from "./render_template.ts";
