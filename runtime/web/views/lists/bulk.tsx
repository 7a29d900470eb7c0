/**
 * A selection in a list, and the bar that acts on it. Boxes and buttons belong to one
 * form by its id, so that rows may have forms of their own. Works without a script.
 */
import type { VNode } from "preact";

const FORM = "bulk";

export function Pick({
  name,
  value,
  label,
}: {
  readonly name: string;
  readonly value: string;
  readonly label: string;
}): VNode {
  return (
    <td class="pick">
      <input type="checkbox" name={name} value={value} form={FORM} aria-label={`Select ${label}`} />
    </td>
  );
}

/** The box in the head that selects all rows; shown where scripts run. */
export function PickAll({ label }: { readonly label: string }): VNode {
  return (
    <td class="pick">
      <input type="checkbox" data-pick-all aria-label={label} />
    </td>
  );
}

export interface BulkBarProps {
  /** The address of the sheet that confirms. */
  readonly action: string;
  readonly actions: readonly { readonly verb: string; readonly label: string }[];
}

/** Shown while anything is selected. */
export function BulkBar({ action, actions }: BulkBarProps): VNode {
  return (
    <form class="bulk" id={FORM} method="get" action={action} aria-label="Act on the selection">
      <output data-picked>Selected</output>
      {actions.map(({ verb, label }) => (
        <button type="submit" class="button small" name="do" value={verb}>
          {label}
        </button>
      ))}
    </form>
  );
}
