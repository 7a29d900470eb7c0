/** Reads the webhook that a deployed DAG declares. */
import { getDag } from "../../store/reads/dags.ts";
import type { WebServices } from "../http/services.ts";

/**
 * The key of the variable that holds the webhook's secret; null when there is no such
 * webhook.
 */
export async function readWebhookSecret(
  { reader }: WebServices,
  dagId: string,
  name: string,
): Promise<string | null> {
  const dag = await getDag(reader, dagId);
  const hook =
    dag?.removedAt === null
      ? dag.spec.on.find((source) => source.type === "webhook" && source.name === name)
      : undefined;
  return hook?.type === "webhook" ? hook.secret : null;
}
