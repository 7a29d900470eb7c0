/**
 * The sheet that confirms a bulk action: the exact list of what will change, a reason,
 * one button. And what came of it.
 */
import type { ComponentChildren, VNode } from "preact";
import type { RunState } from "../../../state/run_state.ts";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { Field } from "../parts/field.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State } from "../parts/state.tsx";

/** A row that will change, or why it will not. */
export interface BulkRow {
  /** The id that is sent: the number of a run, or the id of a DAG. */
  readonly id: string;
  readonly href: string;
  /** The id of the DAG. */
  readonly title: string;
  /** Null for a row that is a DAG. */
  readonly run: Pick<RunDetail, "runId" | "logicalDate" | "runType"> | null;
  readonly state: RunState | null;
  /** What happens to it, in a few words; null when the title says it. */
  readonly effect: string | null;
  /** Why nothing happens to it; null when it changes. */
  readonly refusal: string | null;
}

export interface BulkSheetProps {
  /** The form's address, and the name of its rows. */
  readonly action: "/bulk/runs" | "/bulk/dags";
  readonly verb: string;
  readonly title: string;
  readonly explanation: string;
  /** The text of the one button. */
  readonly button: string;
  readonly isDangerous: boolean;
  readonly rows: readonly BulkRow[];
  readonly token: string;
  /** Further fields; the reason is always there. */
  readonly fields?: ComponentChildren;
}

export function BulkSheet(props: BulkSheetProps): VNode {
  const { action, verb, rows, token, isDangerous } = props;
  const changed = rows.filter(({ refusal }) => refusal === null);
  const name = action === "/bulk/runs" ? "run" : "dag";
  return (
    <form class="sheet wide" method="post" action={action}>
      <input type="hidden" name="_form" value={token} />
      <input type="hidden" name="do" value={verb} />
      {changed.map(({ id }) => (
        <input type="hidden" name={name} value={id} />
      ))}
      <h1>{props.title}</h1>
      <p class="faint">{props.explanation}</p>
      <BulkRows rows={rows} />
      {props.fields}
      <Field label="Reason" hint="Optional. The audit log keeps it.">
        <input type="text" name="reason" maxLength={500} />
      </Field>
      <p class="row-buttons">
        <button
          type="submit"
          class={isDangerous ? "button danger" : "button primary"}
          disabled={changed.length === 0}
        >
          {props.button}
        </button>
        <a class="button" href={name === "run" ? "/runs" : "/"}>
          Back
        </a>
      </p>
    </form>
  );
}

function BulkRows({ rows }: { readonly rows: readonly BulkRow[] }): VNode {
  return (
    <table class="list">
      <tbody>
        {rows.map(({ href, title, run, state, effect, refusal }) => (
          <tr>
            <th scope="row">
              <a href={href} title={run?.runId}>
                <Id text={title} />
              </a>
              {run !== null && (
                <p>
                  <RunTitle run={run} />
                </p>
              )}
              {effect !== null && <p>{effect}</p>}
              {refusal !== null && <p class="bad">{refusal}</p>}
            </th>
            <td>{state !== null && <State state={state} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export interface BulkResultProps {
  readonly title: string;
  readonly back: { readonly href: string; readonly label: string };
  readonly rows: readonly BulkRow[];
}

export function BulkResult({ title, back, rows }: BulkResultProps): VNode {
  return (
    <div class="sheet wide">
      <h1>{title}</h1>
      <BulkRows rows={rows} />
      <p>
        <a class="button primary" href={back.href}>
          {back.label}
        </a>
      </p>
    </div>
  );
}
