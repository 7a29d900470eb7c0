/** What a try of a task really ran: SQL, commands and requests with their values. */
import type { VNode } from "preact";
import type { RenderedField } from "../../../store/values/rendered_fields.ts";

/** Longer values are folded. Characters. */
const SHORT = 2_000;

export function Rendered({ fields }: { readonly fields: readonly RenderedField[] }): VNode {
  return (
    <section id="rendered" data-live aria-label="Rendered fields">
      {fields.length > 0 && <h2>Rendered fields</h2>}
      {fields.map(({ name, value, characters }) => (
        <details class="xcom" open={value.length < SHORT}>
          <summary>
            {name} <Cut shown={value.length} all={characters} />
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys. */}
          <pre class="value" tabIndex={0}>
            {value}
          </pre>
        </details>
      ))}
    </section>
  );
}

function Cut({ shown, all }: { readonly shown: number; readonly all: number }): VNode | null {
  if (shown >= all) return null;
  return <span class="faint">{`the first ${shown} of ${all} characters`}</span>;
}
