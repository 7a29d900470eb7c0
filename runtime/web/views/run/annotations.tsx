/** The labels and the note of a run, and the form that changes them. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { Fact } from "../parts/fact.tsx";

export function Annotations({
  run,
  token,
}: {
  readonly run: RunDetail;
  readonly token: string | undefined;
}): VNode {
  const labels = Object.entries(run.labels);
  const labelsText = labels.map(([key, value]) => `${key}=${value}`).join(", ");
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
            <input type="hidden" name="noteWas" value={run.note ?? ""} />
            <input type="hidden" name="labelsWas" value={labelsText} />
            <label class="field">
              <span>Note</span>
              <textarea name="note" rows={3} maxLength={10_000}>
                {run.note ?? ""}
              </textarea>
            </label>
            <label class="field">
              <span>Labels</span>
              <input type="text" name="labels" value={labelsText} maxLength={1000} />
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
