/** A DAG's runs, newest first, in pages. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { PagedTable } from "../lists/paged_table.tsx";
import { Id } from "../parts/id.tsx";
import { State, Warnings } from "../parts/state.tsx";
import { Time, Took } from "../parts/time.tsx";

export function RunList({
  runs,
  older,
}: {
  readonly runs: readonly RunDetail[];
  readonly older: string | null;
}): VNode {
  if (runs.length === 0) return <p class="nothing">No runs.</p>;
  return (
    <PagedTable
      columns={["Run", "State", "Type", "Logical date", "Started", "Duration"]}
      next={older}
    >
      {runs.map((run) => (
        <tr data-key={String(run.id)}>
          <th scope="row">
            <a href={`/runs/${run.id}`}>
              <Id text={run.runId} />
            </a>
          </th>
          <td>
            <State state={run.state} />
            <Warnings count={run.warnings} />
          </td>
          <td>{run.runType}</td>
          <td>
            <Time at={run.logicalDate} />
          </td>
          <td>
            <Time at={run.startedAt} />
          </td>
          <td>
            <Took from={run.startedAt} to={run.finishedAt} />
          </td>
        </tr>
      ))}
    </PagedTable>
  );
}
