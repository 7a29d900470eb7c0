/** The filters of lists: boxes in a form, and the address that they make. */
import type { VNode } from "preact";

/**
 * An address with filters. @param names in the order of the address; an empty text is no
 * filter
 */
export function filteredAddress<Name extends string>(
  path: string,
  names: readonly Name[],
  texts: Readonly<Record<Name, string>>,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams();
  for (const name of names) if (texts[name] !== "") query.set(name, texts[name]);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}

export interface FilterBoxProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly type?: "text" | "date";
  readonly placeholder?: string;
  readonly maxLength?: number;
}

export function FilterBox({ label, type = "text", ...box }: FilterBoxProps): VNode {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is one of two
    <label>
      <span>{label}</span>
      {type === "date" ? <input type="date" {...box} /> : <input type="text" {...box} />}
    </label>
  );
}
