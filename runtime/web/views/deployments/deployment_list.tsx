/** All deployments, rollbacks and promotions, newest first. */
import type { VNode } from "preact";
import type { ListedDeployment } from "../../read/read_deployments.ts";
import { PagedTable } from "../lists/paged_table.tsx";
import { Time } from "../parts/time.tsx";

export interface DeploymentListProps {
  readonly deployments: readonly ListedDeployment[];
  readonly older: string | null;
}

export function DeploymentList({ deployments, older }: DeploymentListProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Deployments</h1>
      </div>
      {deployments.length === 0 ? (
        <p class="nothing">
          Nothing is deployed yet. Deploy a folder with <code>dag deploy</code>.
        </p>
      ) : (
        <PagedTable
          columns={["Deployment", "When", "By", "DAGs", "Changed", "Reason"]}
          next={older}
        >
          {deployments.map((deployment) => (
            <Row {...deployment} />
          ))}
        </PagedTable>
      )}
    </>
  );
}

function Row(deployment: ListedDeployment): VNode {
  const { id, externalId, createdAt, actor, dags, changed, reason } = deployment;
  return (
    <tr data-key={String(id)}>
      <th scope="row">
        <a href={`/deployments/${id}`}>{titleOf(deployment)}</a>
        {externalId !== null && (
          <p>
            <code>{externalId}</code>
          </p>
        )}
      </th>
      <td>
        <Time at={createdAt} />
      </td>
      <td>{actor}</td>
      <td class="number">{dags}</td>
      <td class="number">{changed}</td>
      <td>{reason}</td>
    </tr>
  );
}

/** `3, deploy`, or `5, rollback to 3`. */
export function titleOf({
  id,
  kind,
  restoredId,
}: Pick<ListedDeployment, "id" | "kind" | "restoredId">): string {
  return `${id}, ${kind}${restoredId === null ? "" : ` to ${restoredId}`}`;
}
