/** The instances of a mapped task, a page at a time. */
import type { VNode } from "preact";
import type { TaskState } from "../../../state/task_state.ts";
import { INSTANCES_PER_PAGE, type InstanceRow } from "../../../store/reads/instances.ts";
import { State } from "../parts/state.tsx";
import { StartedAndTook } from "../parts/time.tsx";

/** States by which instances are often filtered. */
const INSTANCE_FILTERS = ["failed", "running", "queued", "success"] as const;

export function Instances({
  rows,
  here,
  next,
  state,
}: {
  readonly rows: readonly InstanceRow[];
  readonly here: string;
  /** Where the next page begins; null on the last. */
  readonly next: string | null;
  /** The state that the instances are filtered by; null: all. */
  readonly state: TaskState | null;
}): VNode {
  return (
    <section id="instances" data-live aria-label="Instances">
      <nav class="chips" aria-label="Filter">
        <a href={here}>all</a>
        {INSTANCE_FILTERS.map((state) => (
          <a href={`${here}?state=${state}`}>{state}</a>
        ))}
      </nav>
      <table class="list">
        <thead>
          <tr>
            <th>Index</th>
            <th>State</th>
            <th>Item</th>
            <th>Try</th>
            <th>Started</th>
            <th>Duration</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr data-key={String(row.mapIndex)}>
              <th scope="row">
                <a href={`${here}/${row.mapIndex}`}>{row.mapIndex}</a>
                {row.label !== null && <p>{row.label}</p>}
              </th>
              <td>
                <State state={row.state} />
                {row.reason !== null && <p>{row.reason}</p>}
              </td>
              <td>
                <code class="item">{row.item}</code>
              </td>
              <td>{row.tryNumber}</td>
              <StartedAndTook startedAt={row.startedAt} finishedAt={row.finishedAt} />
            </tr>
          ))}
        </tbody>
      </table>
      {next !== null && (
        <p class="pages">
          <a
            class="button"
            href={`${here}?after=${next}${state === null ? "" : `&state=${state}`}`}
          >
            Next {INSTANCES_PER_PAGE}
          </a>
        </p>
      )}
    </section>
  );
}
