/** What a deployment would change: DAGs, schedules, pools, and runs under way. */
import type { ComponentChildren, VNode } from "preact";
import { Fact } from "../parts/fact.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";

/** The names that differ. */
interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

interface Outlook {
  readonly schedule: string;
  readonly runsNow: number;
  readonly nextRunAfter: Date | null;
}

/** The parts of a preview that the page shows. */
export interface ShownPreview {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly {
    readonly dagId: string;
    readonly version: number;
    readonly tasks: Difference;
    readonly params: Difference;
    readonly dag: readonly string[];
  }[];
  readonly unchanged: number;
  readonly schedules: readonly {
    readonly dagId: string;
    readonly before: Outlook | null;
    readonly after: Outlook;
  }[];
  readonly activeRuns: readonly { readonly dagId: string; readonly runs: number }[];
  readonly missingPools: readonly { readonly pool: string; readonly dags: readonly string[] }[];
  readonly missingConnections: readonly {
    readonly connection: string;
    readonly dags: readonly string[];
  }[];
}

/** Rows of one list; the counts are of all. */
const SHOWN = 100;

/** Whether a DAG gets another version, is added or is removed. */
export function changesSomething({ added, removed, changed }: ShownPreview): boolean {
  return added.length + removed.length + changed.length > 0;
}

export function Preview({ preview }: { readonly preview: ShownPreview }): VNode {
  const { added, removed, changed, unchanged, schedules, activeRuns } = preview;
  if (!changesSomething(preview)) return <p class="nothing">Nothing: its versions are current.</p>;
  const runs = activeRuns.reduce((sum, one) => sum + one.runs, 0);
  return (
    <>
      <dl class="facts">
        <Fact name="Unchanged">{unchanged}</Fact>
        <Fact name="Runs under way, which keep their version">{runs}</Fact>
      </dl>
      <Dags title="Added" dagIds={added} />
      <Dags title="Removed" dagIds={removed} />
      <Rows title="Changed" count={changed.length}>
        {changed.slice(0, SHOWN).map(({ dagId, ...change }) => (
          <DagRow dagId={dagId}>{changeText(change)}</DagRow>
        ))}
      </Rows>
      <Rows title="Other schedules" count={schedules.length}>
        {schedules.slice(0, SHOWN).map(({ dagId, before, after }) => (
          <DagRow dagId={dagId}>
            {before && before.schedule !== after.schedule && `${before.schedule}, then `}
            {after.schedule}; next run <Time at={after.nextRunAfter} ahead />
            {after.runsNow > 0 && `; ${after.runsNow} runs are created at once`}
          </DagRow>
        ))}
      </Rows>
      <Missing {...preview} />
    </>
  );
}

type MissingProps = Pick<ShownPreview, "missingPools" | "missingConnections">;

function Missing({ missingPools, missingConnections }: MissingProps): VNode {
  return (
    <>
      {missingPools.map(({ pool, dags }) => (
        <p class="bad">
          The pool {pool} does not exist. It is named by {dags.join(", ")}.
        </p>
      ))}
      {missingConnections.map(({ connection, dags }) => (
        <p class="bad">
          The connection {connection} is not in the database; another source may have it. It is
          named by {dags.join(", ")}.
        </p>
      ))}
    </>
  );
}

function Dags({
  title,
  dagIds,
}: {
  readonly title: string;
  readonly dagIds: readonly string[];
}): VNode {
  return (
    <Rows title={title} count={dagIds.length}>
      {dagIds.slice(0, SHOWN).map((dagId) => (
        <DagRow dagId={dagId} />
      ))}
    </Rows>
  );
}

interface RowsProps {
  readonly title: string;
  readonly count: number;
  readonly children: ComponentChildren;
}

function Rows({ title, count, children }: RowsProps): VNode | null {
  if (count === 0) return null;
  return (
    <>
      <h3>
        {title} <span class="faint">{count}</span>
      </h3>
      <table class="list">
        <tbody>{children}</tbody>
      </table>
      {count > SHOWN && (
        <p class="faint">
          The first {SHOWN} of {count}.
        </p>
      )}
    </>
  );
}

interface DagRowProps {
  readonly dagId: string;
  readonly children?: ComponentChildren;
}

function DagRow({ dagId, children }: DagRowProps): VNode {
  return (
    <tr data-key={dagId}>
      <th scope="row">
        <a href={`/dags/${dagId}`}>
          <Id text={dagId} />
        </a>
      </th>
      <td>{children}</td>
    </tr>
  );
}

type Change = Pick<ShownPreview["changed"][number], "tasks" | "params" | "dag">;

/** `tasks: 1 added, 2 changed; options: schedule`. */
function changeText({ tasks, params, dag }: Change): string {
  const parts = [
    differenceText("tasks", tasks),
    differenceText("params", params),
    dag.length === 0 ? "" : `options: ${dag.join(", ")}`,
  ];
  return parts.filter((part) => part !== "").join("; ") || "code only";
}

function differenceText(of: string, { added, removed, changed }: Difference): string {
  const counts = [
    [added.length, "added"],
    [removed.length, "removed"],
    [changed.length, "changed"],
  ] as const;
  const words = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return words.length === 0 ? "" : `${of}: ${words.join(", ")}`;
}
