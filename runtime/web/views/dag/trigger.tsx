/**
 * The form that triggers a run: a field for each param that the DAG declares, and an
 * optional logical date.
 */
import type { VNode } from "preact";
import type { ParamField } from "../../http/params_form.ts";
import { Field, ParamInput } from "../parts/field.tsx";

export interface TriggerProps {
  readonly dagId: string;
  readonly fields: readonly ParamField[];
  /** The values that were sent before, by field name, when they were refused. */
  readonly sent: Readonly<Record<string, string>>;
  readonly error: string | null;
  readonly token: string;
}

export function TriggerForm({ dagId, fields, sent, error, token }: TriggerProps): VNode {
  return (
    <form class="sheet" method="post" action={`/dags/${dagId}/trigger`}>
      <input type="hidden" name="_form" value={token} />
      <h2>Trigger a run</h2>
      {error !== null && (
        <p class="refused" role="alert">
          {error}
        </p>
      )}
      {fields.map((field) => (
        <ParamInput field={field} sent={sent[`p:${field.name}`]} />
      ))}
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
