/**
 * The form that triggers a run: a field for each param that the DAG declares, and an
 * optional logical date.
 */
import type { VNode } from "preact";
import { ParamFields, type ParamFieldsProps } from "../params/param_field.tsx";
import { Field } from "../parts/field.tsx";

export interface TriggerProps extends ParamFieldsProps {
  readonly dagId: string;
  readonly error: string | null;
  readonly token: string;
}

export function TriggerForm({ dagId, fields, sent, problems, error, token }: TriggerProps): VNode {
  return (
    <form class="sheet" method="post" action={`/dags/${dagId}/trigger`} noValidate>
      <input type="hidden" name="_form" value={token} />
      <h2>Trigger a run</h2>
      {error !== null && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      <ParamFields fields={fields} sent={sent} problems={problems} />
      {fields.length === 0 && <p class="faint">This DAG takes no params.</p>}
      <Field
        label="Logical date"
        hint="ISO 8601, such as 2026-01-31 or 2026-01-31T04:00:00Z. Leave empty for now."
      >
        <input
          type="text"
          name="logicalDate"
          value={sent.logicalDate ?? ""}
          maxLength={40}
          placeholder="now"
        />
      </Field>
      <p>
        <button type="submit" class="button primary">
          Trigger
        </button>{" "}
        <a class="button" href={`/dags/${dagId}`}>
          Back
        </a>
      </p>
    </form>
  );
}
