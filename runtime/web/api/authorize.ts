/** The way from an endpoint to an action. */
import { getHealth } from "../../store/reads/health.ts";
import type { WebActions } from "../http/actions.ts";
import { Refused } from "../http/gate.ts";
import type { WebServices } from "../http/services.ts";

/** The actions, when the database answers: they would wait for it, and a client should not. */
export async function actionsOf(services: WebServices): Promise<WebActions> {
  if (!services.actions)
    throw new Refused(403, "This server only shows; nothing can be changed here.");
  await getHealth(services.reader);
  return services.actions;
}
