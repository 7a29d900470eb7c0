/** The fields of a note and of labels for several runs. */
import type { VNode } from "preact";
import { Field } from "../parts/field.tsx";

export function Annotation(): VNode {
  return (
    <>
      <Field label="Note" hint={null}>
        <textarea name="note" rows={3} maxLength={10_000} />
      </Field>
      <Field label="Labels" hint="key=value, separated by commas">
        <input type="text" name="labels" maxLength={1000} />
      </Field>
    </>
  );
}
