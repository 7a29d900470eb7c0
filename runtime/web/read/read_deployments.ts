/** Reads deployments, rollbacks and promotions. */
import {
  type DeployedChange,
  getDeployment,
  type ListedDeployment,
  listDeploymentChanges,
  listDeployments,
} from "../../store/reads/deployments.ts";
import { Refused } from "../http/refused.ts";
import type { WebServices } from "../http/services.ts";

export type { DeployedChange, ListedDeployment };

/** Newest first. What people wrote is masked: a reason may name a secret. */
export async function readDeployments(
  { reader, mask }: Pick<WebServices, "reader" | "mask">,
  before: number | null,
  limit: number,
): Promise<readonly ListedDeployment[]> {
  const found = await listDeployments(reader, before, limit);
  return found.map((deployment) => masked(mask, deployment));
}

function masked(
  mask: (text: string) => string,
  { reason, externalId, ...deployment }: ListedDeployment,
): ListedDeployment {
  return {
    ...deployment,
    externalId: externalId === null ? null : mask(externalId),
    reason: reason === null ? null : mask(reason),
  };
}

/** Changes of one deployment that a page lists. */
const MOST_CHANGES = 200;

export interface DeploymentView {
  readonly deployment: ListedDeployment;
  /** The first {@link MOST_CHANGES}. */
  readonly changes: readonly DeployedChange[];
}

/** @throws Refused 404 */
export async function readDeployment(
  { reader, mask }: Pick<WebServices, "reader" | "mask">,
  id: number,
): Promise<DeploymentView> {
  const found = await getDeployment(reader, id);
  if (!found) throw new Refused(404, `There is no deployment ${id}.`);
  const changes = await listDeploymentChanges(reader, id, MOST_CHANGES);
  return { deployment: masked(mask, found), changes };
}
