/** One deployment: what it changed, and what going to it would change now. */
import type { VNode } from "preact";
import type { DeployedChange, DeploymentView } from "../../read/read_deployments.ts";
import { Fact } from "../parts/fact.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";
import { titleOf } from "./deployment_list.tsx";
import { changesSomething, Preview, type ShownPreview } from "./preview.tsx";

export interface DeploymentPageProps extends DeploymentView {
  /** Null when it cannot be restored. */
  readonly preview: ShownPreview | null;
  /** Why it cannot be restored; null when it can. */
  readonly obstacle: string | null;
  /** The newest deployment when the preview was made; null without any. */
  readonly latest: number | null;
  /** Why the last attempt was refused. */
  readonly error: string | null;
  /** Absent: the server is read-only. */
  readonly token: string | undefined;
}

export function DeploymentPage(props: DeploymentPageProps): VNode {
  const { deployment, changes, preview, obstacle, latest, error, token } = props;
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href="/deployments">Deployments</a>
      </nav>
      <div class="title">
        <h1>Deployment {titleOf(deployment)}</h1>
      </div>
      <dl class="facts">
        <Fact name="When">
          <Time at={deployment.createdAt} />
        </Fact>
        <Fact name="By">{deployment.actor}</Fact>
        {deployment.externalId !== null && (
          <Fact name="External id">
            <code>{deployment.externalId}</code>
          </Fact>
        )}
        {deployment.reason !== null && <Fact name="Reason">{deployment.reason}</Fact>}
        <Fact name="DAGs">{deployment.dags}</Fact>
      </dl>
      <section>
        <h2>What it changed</h2>
        <Changes changes={changes} count={deployment.changed} />
      </section>
      <section>
        <h2>What going to it would change now</h2>
        {error !== null && (
          <p class="refused" role="alert">
            {error}
          </p>
        )}
        {preview ? <Preview preview={preview} /> : <p class="nothing">{obstacle}</p>}
        {preview && changesSomething(preview) && token !== undefined && (
          <Restore id={deployment.id} latest={latest} token={token} />
        )}
      </section>
    </>
  );
}

interface ChangesProps {
  readonly changes: readonly DeployedChange[];
  /** Of all changes. */
  readonly count: number;
}

function Changes({ changes, count }: ChangesProps): VNode {
  if (changes.length === 0) return <p class="nothing">It changed no DAG.</p>;
  return (
    <>
      <table class="list">
        <thead>
          <tr>
            <th>DAG</th>
            <th>Change</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr data-key={change.dagId}>
              <th scope="row">
                <a href={`/dags/${change.dagId}`}>
                  <Id text={change.dagId} />
                </a>
              </th>
              <td>
                <ChangeText {...change} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {count > changes.length && (
        <p class="faint">
          The first {changes.length} of {count}.
        </p>
      )}
    </>
  );
}

function ChangeText({ dagId, before, after }: DeployedChange): VNode {
  if (after === null) return <>removed; it had version {before}</>;
  if (before === null)
    return <a href={`/dags/${dagId}/code?version=${after}`}>added with version {after}</a>;
  return (
    <a href={`/dags/${dagId}/code?version=${after}&against=${before}`}>
      version {before} to version {after}
    </a>
  );
}

interface RestoreProps extends Pick<DeploymentPageProps, "latest"> {
  readonly id: number;
  readonly token: string;
}

function Restore({ id, latest, token }: RestoreProps): VNode {
  return (
    <form class="sheet" method="post" action={`/deployments/${id}/restore`}>
      <input type="hidden" name="_form" value={token} />
      <input type="hidden" name="latest" value={latest ?? ""} />
      <label>
        Reason
        <input name="reason" maxLength={500} />
      </label>
      <p class="faint">Runs under way keep their versions. New runs use those of the deployment.</p>
      <p>
        <button type="submit" class="button primary">
          Go to deployment {id}
        </button>{" "}
        <a class="button" href="/deployments">
          Back
        </a>
      </p>
    </form>
  );
}
