/** The form that makes a run: a field for each param that the DAG declares, an optional logical date. */
import type { ComponentChildren, VNode } from "preact";
import type { ParamField } from "../../http/params_form.ts";

export interface TriggerProps {
  readonly dagId: string;
  readonly fields: readonly ParamField[];
  /** What was sent before, by field name, when it was refused. */
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

/** The input of one param. */
export function ParamInput({
  field,
  sent,
}: {
  readonly field: ParamField;
  readonly sent: string | undefined;
}): VNode {
  const name = `p:${field.name}`;
  const value = sent ?? field.initial;
  return (
    <Field label={field.name} hint={field.hint} isRequired={field.isRequired}>
      {field.kind === "choice" && (
        <select name={name}>
          {!field.isRequired && <option value="" />}
          {field.choices.map((choice) => (
            <option value={choice} selected={choice === value}>
              {choice}
            </option>
          ))}
        </select>
      )}
      {field.kind === "boolean" && (
        <select name={name}>
          {["", "true", "false"].map((choice) => (
            <option value={choice} selected={choice === value}>
              {choice}
            </option>
          ))}
        </select>
      )}
      {field.kind === "json" && (
        <textarea name={name} rows={4} spellcheck={false} placeholder="JSON">
          {value}
        </textarea>
      )}
      {(field.kind === "text" || field.kind === "number") && (
        <input
          type="text"
          inputMode={field.kind === "number" ? "decimal" : undefined}
          name={name}
          value={value}
        />
      )}
    </Field>
  );
}

/** An input with its name and a hint. */
export function Field({
  label,
  hint,
  isRequired = false,
  children,
}: {
  readonly label: string;
  readonly hint: string | null;
  readonly isRequired?: boolean;
  readonly children: ComponentChildren;
}): VNode {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is among the children
    <label class="field">
      <span>
        {label}
        {isRequired && <b title="required"> *</b>}
      </span>
      {children}
      {hint !== null && <small>{hint}</small>}
    </label>
  );
}
