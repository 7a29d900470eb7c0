/** Reads deployments, rollbacks and promotions. */
import { type ListedDeployment, listDeployments } from "../../store/reads/deployments.ts";
import type { WebServices } from "../http/services.ts";

/** Newest first. What people wrote is masked: a reason may name a secret. */
export async function readDeployments(
  { reader, mask }: Pick<WebServices, "reader" | "mask">,
  before: number | null,
  limit: number,
): Promise<readonly ListedDeployment[]> {
  const found = await listDeployments(reader, before, limit);
  return found.map(({ reason, externalId, ...deployment }) => ({
    ...deployment,
    externalId: externalId === null ? null : mask(externalId),
    reason: reason === null ? null : mask(reason),
  }));
}
