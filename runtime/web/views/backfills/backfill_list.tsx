/** A DAG's backfills: the request, the progress and the actions of each. */
import type { VNode } from "preact";
import type { BackfillProgress, BackfillSummary } from "../../../store/reads/backfills.ts";
import { PostButton } from "../parts/form.tsx";
import { Time } from "../parts/time.tsx";

export interface BackfillListProps {
  readonly dagId: string;
  readonly backfills: readonly BackfillSummary[];
  readonly token: string | undefined;
  /** Whether another backfill may be created. */
  readonly canCreate: boolean;
}

export function BackfillList({ dagId, backfills, token, canCreate }: BackfillListProps): VNode {
  return (
    <section id="backfills" data-live aria-label="Backfills">
      {token !== undefined && canCreate && (
        <p class="above">
          <a class="button primary" href={`/dags/${dagId}/backfills/new`}>
            New backfill
          </a>
        </p>
      )}
      {backfills.length === 0 ? (
        <p class="nothing">No backfills.</p>
      ) : (
        <table class="list">
          <thead>
            <tr>
              <th>Backfill</th>
              <th>From</th>
              <th>To</th>
              <th>State</th>
              <th>Progress</th>
              <th>By</th>
              {token !== undefined && (
                <th>
                  <span class="hidden">Actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {backfills.map((backfill) => (
              <tr data-key={String(backfill.id)}>
                <th scope="row">
                  <a href={`/backfills/${backfill.id}`}>{backfill.id}</a>
                </th>
                <td>
                  <Time at={backfill.from} />
                </td>
                <td>
                  <Time at={backfill.to} />
                </td>
                <td>{backfill.state}</td>
                <td>
                  <ProgressBar progress={backfill.progress} />
                </td>
                <td>{backfill.createdBy}</td>
                {token !== undefined && (
                  <td>
                    <BackfillButtons backfill={backfill} token={token} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** A bar of the finished runs, and their numbers. */
export function ProgressBar({ progress }: { readonly progress: BackfillProgress }): VNode {
  const { total, success, failed, skipped, running } = progress;
  const done = success + failed + skipped;
  const remarks = [
    failed > 0 ? `${failed} failed` : "",
    skipped > 0 ? `${skipped} skipped` : "",
    running > 0 ? `${running} running` : "",
  ].filter((remark) => remark !== "");
  return (
    <>
      <progress value={done} max={Math.max(1, total)} aria-label={`${done} of ${total}`} /> {done}{" "}
      of {total}
      {remarks.length > 0 && <span class="faint"> {remarks.join(", ")}</span>}
    </>
  );
}

export function BackfillButtons({
  backfill,
  token,
}: {
  readonly backfill: BackfillSummary;
  readonly token: string;
}): VNode | null {
  if (backfill.endedAt !== null) return null;
  const verb = backfill.state === "paused" ? "resume" : "pause";
  return (
    <>
      <PostButton action={`/backfills/${backfill.id}/${verb}`} token={token}>
        {verb === "pause" ? "Pause" : "Resume"}
      </PostButton>{" "}
      <PostButton
        action={`/backfills/${backfill.id}/cancel`}
        token={token}
        class="button danger"
        confirm="Cancel this backfill? Running runs finish; no further run starts."
      >
        Cancel
      </PostButton>
    </>
  );
}
