/** What people may do with a run besides cancelling it: have it done again, decide how it ended, write on it. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { Fact } from "../dag/dag.tsx";
import { PostButton } from "../parts/form.tsx";

export function AgainButtons({
  run,
  token,
}: {
  readonly run: RunDetail;
  readonly token: string;
}): VNode {
  return (
    <>
      <a class="button" href={`/runs/${run.id}/clear`}>
        Clear…
      </a>{" "}
      {run.state !== "success" && (
        <PostButton
          action={`/runs/${run.id}/mark/success`}
          token={token}
          confirm="Mark this run and all its tasks as success?"
        >
          Mark success
        </PostButton>
      )}{" "}
      {run.state === "success" && (
        <PostButton
          action={`/runs/${run.id}/mark/failed`}
          token={token}
          confirm="Mark this run as failed?"
        >
          Mark failed
        </PostButton>
      )}
    </>
  );
}

/** The same for one task; `mapIndex` for one item of it. */
export function TaskButtons({
  run,
  taskId,
  mapIndex,
  token,
}: {
  readonly run: Pick<RunDetail, "id">;
  readonly taskId: string;
  readonly mapIndex: number | null;
  readonly token: string;
}): VNode {
  const item = mapIndex === null ? "" : `&mapIndex=${mapIndex}`;
  const query = mapIndex === null ? "" : `?mapIndex=${mapIndex}`;
  return (
    <>
      <a class="button" href={`/runs/${run.id}/clear?taskId=${taskId}&downstream=on${item}`}>
        Clear…
      </a>{" "}
      {(["success", "failed", "skipped"] as const).map((state) => (
        <>
          <PostButton
            action={`/runs/${run.id}/tasks/${taskId}/mark/${state}${query}`}
            token={token}
            confirm={`Mark ${taskId} as ${state}?`}
          >
            Mark {state}
          </PostButton>{" "}
        </>
      ))}
    </>
  );
}

/** Labels, note, and the form that changes them. `note` and `labels` are masked. */
export function Annotations({
  run,
  token,
}: {
  readonly run: RunDetail;
  readonly token: string | undefined;
}): VNode {
  const labels = Object.entries(run.labels);
  return (
    <>
      <dl class="facts" id="run-notes" data-live>
        {run.backfill !== null && (
          <Fact name="Backfill">
            <a href={`/backfills/${run.backfill}`}>{run.backfill}</a>
          </Fact>
        )}
        {labels.length > 0 && (
          <Fact name="Labels">
            {labels.map(([key, value]) => (
              <a
                class="tag"
                href={`/dags/${run.dagId}/runs?label=${encodeURIComponent(`${key}=${value}`)}`}
              >
                {key}={value}
              </a>
            ))}
          </Fact>
        )}
        {run.note !== null && (
          <Fact name="Note">
            <span class="note">{run.note}</span>
          </Fact>
        )}
      </dl>
      {token !== undefined && (
        <details class="annotate">
          <summary>Note and labels</summary>
          <form method="post" action={`/runs/${run.id}/annotate`}>
            <input type="hidden" name="_form" value={token} />
            <label class="field">
              <span>Note</span>
              <textarea name="note" rows={3} maxLength={10_000}>
                {run.note ?? ""}
              </textarea>
            </label>
            <label class="field">
              <span>Labels</span>
              <input
                type="text"
                name="labels"
                value={labels.map(([key, value]) => `${key}=${value}`).join(", ")}
                maxLength={1000}
              />
              <small>key=value, separated by commas</small>
            </label>
            <p>
              <button type="submit" class="button">
                Save
              </button>
            </p>
          </form>
        </details>
      )}
    </>
  );
}
