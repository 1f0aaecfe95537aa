import process from "node:process";
import { Member } from "../../src/balance/member.ts";
import type { Endpoint } from "../../src/endpoint.ts";
import { endpoint } from "../support/endpoints.ts";

/** Endpoints by their ids, or by `id:weight`. */
export function endpoints(...names: string[]): Endpoint[] {
  return names.map((name) => {
    const [id, weight = "1"] = name.split(":");
    return endpoint(id!, { weight: Number(weight) });
  });
}

/** Members of endpoints as {@linkcode endpoints} makes them. */
export function members(...names: string[]): Member[] {
  return endpoints(...names).map((endpoint) => new Member(endpoint));
}

/** Counts how often endpoints are read. */
export class CountedMember extends Member {
  static readCount = 0;

  override get endpoint(): Endpoint {
    CountedMember.readCount++;
    return super.endpoint;
  }
}

/** How often each id comes up in `count` calls. */
export function tally(count: number, next: () => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const id = next();
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** The seed of this run: `$PILOTED_SEED`, else by chance. fast-check prints it where it fails. */
export const seed: number = process.env.PILOTED_SEED === undefined
  ? Math.floor(Math.random() * 2 ** 31)
  : Number(process.env.PILOTED_SEED);
