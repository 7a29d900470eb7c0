/**
 * The form that creates a backfill. Its first button lists the runs, its second creates
 * the backfill.
 */
import type { VNode } from "preact";
import type { BackfillPreview } from "../../../actions/index.ts";
import type { ParamField } from "../../http/params_form.ts";
import { Field, ParamInput } from "../parts/field.tsx";
import { Time } from "../parts/time.tsx";

export interface BackfillFormProps {
  readonly dagId: string;
  /** Names of the DAG's schedules, when it has several. */
  readonly schedules: readonly string[];
  readonly fields: readonly ParamField[];
  /** The values that were sent before, by field name. */
  readonly sent: Readonly<Record<string, string>>;
  readonly error: string | null;
  readonly preview: BackfillPreview | null;
  readonly token: string;
}

export function BackfillForm(props: BackfillFormProps): VNode {
  const { dagId, schedules, fields, sent, error, preview, token } = props;
  return (
    <form class="sheet" method="post" action={`/dags/${dagId}/backfills`}>
      <input type="hidden" name="_form" value={token} />
      <h2>New backfill</h2>
      {error !== null && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      <Field
        label="From"
        hint="First logical date, such as 2026-01-31 or 2026-01-31T04:00:00Z."
        isRequired
      >
        <input type="text" name="from" value={sent.from ?? ""} maxLength={40} />
      </Field>
      <Field
        label="To"
        hint="Last logical date, inclusive. Intervals that have not ended are left out."
        isRequired
      >
        <input type="text" name="to" value={sent.to ?? ""} maxLength={40} />
      </Field>
      {schedules.length > 1 && (
        <Choice name="schedule" label="Schedule" choices={schedules} sent={sent} hint={null} />
      )}
      <Choice
        name="reprocess"
        label="Do again"
        choices={["none", "failed", "completed"]}
        sent={sent}
        hint="Runs that have ended and are done again. Runs that go on never are."
      />
      <Choice
        name="code"
        label="Code"
        choices={["original", "latest"]}
        sent={sent}
        hint="Runs that are done again keep their version, or get the latest."
      />
      <Field label="Runs at once" hint="Besides the DAG's own.">
        <input
          type="text"
          inputMode="numeric"
          name="maxActiveRuns"
          value={sent.maxActiveRuns ?? "10"}
          maxLength={5}
        />
      </Field>
      <Choice
        name="order"
        label="Order"
        choices={["forwards", "backwards"]}
        sent={sent}
        hint={null}
      />
      <Field label="Labels" hint="key=value, separated by commas; every run gets them.">
        <input type="text" name="labels" value={sent.labels ?? ""} maxLength={1000} />
      </Field>
      {fields.map((field) => (
        <ParamInput field={field} sent={sent[`p:${field.name}`]} />
      ))}
      <p>
        <button type="submit" class="button primary" name="do" value="preview">
          Show what would happen
        </button>{" "}
        {preview !== null && (
          <button type="submit" class="button primary" name="do" value="create">
            Start the backfill
          </button>
        )}{" "}
        <a class="button" href={`/dags/${dagId}/backfills`}>
          Back
        </a>
      </p>
      {preview !== null && <Preview preview={preview} />}
    </form>
  );
}

function Choice({
  name,
  label,
  choices,
  sent,
  hint,
}: {
  readonly name: string;
  readonly label: string;
  readonly choices: readonly string[];
  readonly sent: Readonly<Record<string, string>>;
  readonly hint: string | null;
}): VNode {
  return (
    <Field label={label} hint={hint}>
      <select name={name}>
        {choices.map((choice) => (
          <option value={choice} selected={choice === sent[name]}>
            {choice}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** Runs shown in a preview. */
const SHOWN = 200;

function Preview({ preview: { runs } }: { readonly preview: BackfillPreview }): VNode {
  const count = runs.filter(({ decision }) => decision === "run").length;
  return (
    <>
      <p>
        {count} to run, {runs.length - count} left alone.
        {runs.length > SHOWN && ` The first ${SHOWN}:`}
      </p>
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
              <td>{decision === "skip" ? "leave alone" : existing ? "run again" : "run"}</td>
              <td class="faint">
                {reason} {existing && <a href={`/runs/${existing.id}`}>{existing.runId}</a>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
