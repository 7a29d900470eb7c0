/** The field of a form: an input with its name and a hint. */
import type { ComponentChildren, VNode } from "preact";

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
