/**
 * The last step of a backfill: the runs that it would create, and the button that starts
 * it.
 */
import type { VNode } from "preact";
import type { BackfillPreview } from "../../../actions/index.ts";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";

export interface BackfillConfirmProps {
  readonly dagId: string;
  /** The form as it was sent, by field name. */
  readonly sent: Readonly<Record<string, string>>;
  readonly preview: BackfillPreview;
  readonly token: string;
}

/** Runs shown in a preview. */
const SHOWN = 200;

export function BackfillConfirm({ dagId, sent, preview, token }: BackfillConfirmProps): VNode {
  const { created, again, left } = countsOf(preview);
  return (
    <form class="sheet wide" method="post" action={`/dags/${dagId}/backfills`}>
      <Resent sent={sent} token={token} />
      <h2>
        {created} will be created{again === null ? "" : `, ${again} again`}
      </h2>
      {left > 0 && <p>{left} intervals are skipped. The last column says why.</p>}
      <p>
        <button type="submit" class="button primary" name="do" value="create">
          Start the backfill
        </button>{" "}
        <button type="submit" class="button" name="do" value="change">
          Change
        </button>{" "}
        <a class="button" href={`/dags/${dagId}/backfills`}>
          Back
        </a>
      </p>
      {preview.runs.length > SHOWN && <p class="faint">The first {SHOWN}:</p>}
      <PreviewTable preview={preview} />
    </form>
  );
}

function countsOf({ runs }: BackfillPreview) {
  const planned = runs.filter(({ decision }) => decision === "run");
  const again = planned.filter(({ existing }) => existing !== undefined).length;
  const words = (count: number): string => (count === 1 ? "1 run" : `${count} runs`);
  return {
    created: words(planned.length - again),
    again: again === 0 ? null : `${words(again)} will run`,
    left: runs.length - planned.length,
  };
}

/** What was previewed is what is sent again. */
function Resent({
  sent,
  token,
}: {
  readonly sent: Readonly<Record<string, string>>;
  readonly token: string;
}): VNode {
  const fields = Object.entries(sent).filter(([name]) => name !== "_form" && name !== "do");
  return (
    <>
      <input type="hidden" name="_form" value={token} />
      {fields.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  );
}

function PreviewTable({ preview: { runs } }: { readonly preview: BackfillPreview }): VNode {
  return (
    <table class="list">
      <thead>
        <tr>
          <th>#</th>
          <th>Data interval</th>
          <th>What</th>
          <th>Remark</th>
        </tr>
      </thead>
      <tbody>
        {runs.slice(0, SHOWN).map(({ ordinal, dataInterval, decision, reason, existing }) => (
          <tr>
            <th scope="row">{ordinal}</th>
            <td>
              <Time at={dataInterval.start} /> → <Time at={dataInterval.end} />
            </td>
            <td>{decision === "skip" ? "skip" : existing ? "run again" : "run"}</td>
            <td class="faint">
              {reason}{" "}
              {existing && (
                <a href={`/runs/${existing.id}`}>
                  <Id text={existing.runId} />
                </a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
