/** The form that describes a backfill. Its button leads to the preview. */
import type { VNode } from "preact";
import { ParamFields, type ParamFieldsProps } from "../params/param_field.tsx";
import { Field } from "../parts/field.tsx";

export interface BackfillFormProps extends ParamFieldsProps {
  readonly dagId: string;
  /** Names of the DAG's schedules, when it has several. */
  readonly schedules: readonly string[];
  readonly error: string | null;
  readonly token: string;
}

export function BackfillForm(props: BackfillFormProps): VNode {
  const { dagId, schedules, fields, sent, problems, error, token } = props;
  return (
    <form class="sheet" method="post" action={`/dags/${dagId}/backfills`} noValidate>
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
        label="Reprocess"
        choices={["none", "failed", "completed"]}
        sent={sent}
        hint="Which finished runs are cleared and run again. Unfinished runs are never cleared."
      />
      <Choice
        name="code"
        label="Code"
        choices={["original", "latest"]}
        sent={sent}
        hint="The version of runs that are cleared: their own, or the latest."
      />
      <Field label="Runs at once" hint="Not counting the DAG's own runs.">
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
      <ParamFields fields={fields} sent={sent} problems={problems} />
      <p>
        <button type="submit" class="button primary" name="do" value="preview">
          Preview
        </button>{" "}
        <a class="button" href={`/dags/${dagId}/backfills`}>
          Back
        </a>
      </p>
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
