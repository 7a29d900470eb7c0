/** The decisions about a DAG's intervals, newest first, below the intervals that wait. */
import type { VNode } from "preact";
import { decisionReason } from "../../../scheduler/decisions/decision_reason.ts";
import type { ListedDecision } from "../../../scheduler/decisions/read_decisions.ts";
import { PagedTable } from "../lists/paged_table.tsx";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";

export interface DecisionListProps {
  readonly decisions: readonly ListedDecision[];
  /** The address of older decisions; null when there are none. */
  readonly older: string | null;
}

export function DecisionList({ decisions, older }: DecisionListProps): VNode {
  if (decisions.length === 0) return <p class="nothing">No decisions: this DAG has no schedule.</p>;
  const isNamed = decisions.some(({ schedule }) => schedule !== "");
  return (
    <PagedTable
      columns={[
        isNamed && "Schedule",
        "Logical date",
        "Intervals",
        "Decision",
        "Run or reason",
        "Decided or due",
      ]}
      next={older}
    >
      {decisions.map((entry) => (
        <DecisionRow entry={entry} isNamed={isNamed} />
      ))}
    </PagedTable>
  );
}

function DecisionRow({
  entry,
  isNamed,
}: {
  readonly entry: ListedDecision;
  readonly isNamed: boolean;
}): VNode {
  const { logicalDate, lastLogicalDate } = entry;
  const isRange = logicalDate !== null && lastLogicalDate !== null && logicalDate < lastLogicalDate;
  return (
    <tr>
      {isNamed && <td>{entry.schedule}</td>}
      <th scope="row">
        <Time at={logicalDate} />
        {isRange && (
          <>
            {" to "}
            <Time at={lastLogicalDate} />
          </>
        )}
      </th>
      <td>{entry.count ?? (entry.decision === "skipped" ? "many" : "–")}</td>
      <td>
        {entry.decision === "run" && entry.runState !== null ? (
          <State state={entry.runState} />
        ) : (
          entry.decision
        )}
      </td>
      <td>
        <RunOrReason entry={entry} />
      </td>
      <td>
        {entry.decision === "waiting" ? (
          <Time at={entry.runAfter} ahead />
        ) : (
          <Time at={entry.decidedAt} />
        )}
      </td>
    </tr>
  );
}

function RunOrReason({ entry }: { readonly entry: ListedDecision }): VNode {
  if (entry.run !== null && entry.runId !== null)
    return (
      <a href={`/runs/${entry.run}`}>
        <Id text={entry.runId} />
      </a>
    );
  return (
    <span class={entry.reason === "error" ? "bad" : undefined}>
      {entry.runId ?? decisionReason(entry)}
    </span>
  );
}
