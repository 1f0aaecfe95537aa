/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
/**
 * The registrations of this process on the dashboard.
 *
 * @module
 */
import type { RegistrationState, RegistrationStatus } from "../../registration_status.ts";
import type { Html } from "./html.ts";

const LABELS: Readonly<Record<RegistrationState, string>> = {
  pending: "Pending: not registered yet",
  registered: "Registered",
  lost: "Lost: the agent does not respond, trying again",
  denied: "Denied: the agent rejects the token",
  misrouted: "Misrouted: heartbeats reach different agents",
  stopping: "Stopping",
  closed: "Closed",
};

/** A card with one line for each registration. */
export function RegistrationList(
  { registrations }: { registrations: readonly RegistrationStatus[] },
): Html {
  return (
    <section class="card" id="registrations" aria-labelledby="registrations-title">
      <h2 id="registrations-title">Registered by this process</h2>
      <ul>
        {registrations.map((each) => (
          <li>
            <strong>{each.service}</strong>{" "}
            {`${each.id}, ${each.address || "agent's address"}:${each.port}: `}
            {`${LABELS[each.state]}, ${each.health}`}
            {each.maintenance !== undefined && `, in maintenance: ${each.maintenance}`}
            {each.reason !== undefined && <p class="reason">{each.reason}</p>}
            {each.missedTtl !== undefined && (
              <p class="reason">{`Last missed TTL: ${each.missedTtl.reason}`}</p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
