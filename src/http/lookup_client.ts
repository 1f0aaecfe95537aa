/**
 * What the routes need from a client.
 *
 * @module
 */
import type { Piloted } from "../client/piloted.ts";

/**
 * The methods of `Piloted` that the routes call. Clients of both modes have them. The routes check
 * `mode` where a request needs lists that refresh themselves: event streams and long polls.
 */
export type LookupClient = Pick<
  Piloted,
  | "inspect"
  | "load"
  | "mode"
  | "on"
  | "pick"
  | "refresh"
  | "refreshing"
  | "service"
  | "serviceHosts"
  | "services"
  | "status"
>;
