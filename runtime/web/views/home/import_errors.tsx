/** Files that could not be imported, each with its error. */
import type { VNode } from "preact";
import type { ImportErrorRow } from "../../../store/reads/import_errors.ts";
import { Time } from "../parts/time.tsx";

export function ImportErrors({ errors }: { readonly errors: readonly ImportErrorRow[] }): VNode {
  return (
    <section class="errors" data-key="import_errors" aria-label="Import errors">
      <h2>
        <i class="glyph" aria-hidden="true" />
        {errors.length === 1
          ? "1 file cannot be imported"
          : `${errors.length} files cannot be imported`}
      </h2>
      {errors.map((error) => (
        <details>
          <summary>
            <code>{error.line === null ? error.file : `${error.file}:${error.line}`}</code>{" "}
            <span>{error.message.split("\n")[0]}</span>
          </summary>
          <pre>{error.stack === "" ? error.message : `${error.message}\n\n${error.stack}`}</pre>
          <p class="faint">
            {error.code} · <Time at={error.happenedAt} /> · its last good version stays current
          </p>
        </details>
      ))}
    </section>
  );
}
