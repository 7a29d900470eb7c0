/** The fields of forms: an input with its name and a hint, and the input of a param. */
import type { ComponentChildren, VNode } from "preact";
import type { ParamField } from "../../http/params_form.ts";

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
