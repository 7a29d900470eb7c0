/** Reads what a deployment is made of now. */
import type { VisibleTags } from "../../store/reads/dag_tags.ts";
import {
  type DeployedVersion,
  getSystemFacts,
  listDeployedVersions,
  listServices,
  type ServiceRow,
  type SystemFacts,
} from "../../store/reads/system.ts";
import type { WebServices } from "../http/services.ts";

export interface System {
  readonly services: readonly ServiceRow[];
  readonly facts: SystemFacts | undefined;
  readonly versions: readonly DeployedVersion[];
}

const SHOWN_VERSIONS = 10;

export async function readSystem({ reader }: WebServices, visible: VisibleTags): Promise<System> {
  const [services, facts, versions] = await Promise.all([
    listServices(reader),
    getSystemFacts(reader),
    listDeployedVersions(reader, SHOWN_VERSIONS, visible),
  ]);
  return { services, facts, versions };
}
