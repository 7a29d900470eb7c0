/** The list of DAGs, with files that could not be imported on top. */
import type { VNode } from "preact";
import type { DagFilter, DagOverview, DagQuery, RecentRun } from "../../../store/reads/dags.ts";
import { plainSchedules } from "../../../timetable/plain_schedule.ts";
import { schedulesText } from "../../../timetable/schedule_text.ts";
import { BulkBar, Pick, PickAll } from "../lists/bulk.tsx";
import { type BarOf, Bars } from "../parts/bars.tsx";
import { PauseSwitch } from "../parts/form.tsx";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { AttentionBands, type AttentionProps } from "./attention.tsx";
import { addressOf, Filters, Search } from "./filters.tsx";

export interface HomeProps extends AttentionProps {
  readonly dags: readonly DagOverview[];
  readonly counts: Readonly<Record<DagFilter, number>>;
  readonly query: DagQuery;
  /** Absent: the server is read-only. */
  readonly token: string | undefined;
  /** The DAGs that the caller may operate. */
  readonly operates: ReadonlySet<string>;
}

const ACTIONS = [
  { verb: "pause", label: "Pause…" },
  { verb: "unpause", label: "Unpause…" },
  { verb: "trigger", label: "Trigger…" },
] as const;

export function Home({ dags, counts, query, token, operates, ...attention }: HomeProps): VNode {
  return (
    <>
      <div id="attention" data-live>
        <AttentionBands {...attention} />
      </div>
      <div class="title">
        <h1>DAGs</h1>
        <Filters counts={counts} query={query} />
        <Search query={query} />
      </div>
      {token !== undefined && operates.size > 0 && (
        <BulkBar action="/bulk/dags" actions={ACTIONS} />
      )}
      <div id="dags" data-live>
        {dags.length === 0 ? (
          <Nothing isFresh={counts.all === 0} />
        ) : (
          <DagTable dags={dags} token={token} operates={operates} />
        )}
        {dags.length === query.limit && (
          <p class="pages">
            <a class="button" href={addressOf(query, { after: dags.at(-1)?.dagId ?? "" })}>
              Next {query.limit}
            </a>
          </p>
        )}
      </div>
    </>
  );
}

type DagTableProps = Omit<HomeProps, "counts" | "query" | keyof AttentionProps>;

function DagTable({ dags, token, operates }: DagTableProps): VNode {
  const canPick = token !== undefined && operates.size > 0;
  return (
    <table class="list dags">
      <thead>
        <tr>
          {canPick && <PickAll label="Select all DAGs of this page" />}
          <th>DAG</th>
          <th class="mid">Last 14 runs</th>
          <th>Last run</th>
          <th class="mid">Schedule</th>
          <th class="low">Next run</th>
          <th>Schedule on</th>
          <th class="low">
            <span class="hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {dags.map((dag) => (
          <DagRow dag={dag} token={operates.has(dag.dagId) ? token : undefined} canPick={canPick} />
        ))}
      </tbody>
    </table>
  );
}

interface DagRowProps {
  readonly dag: DagOverview;
  /** Absent: the caller may not operate this DAG. */
  readonly token: string | undefined;
  /** Whether the table has a column of boxes. */
  readonly canPick: boolean;
}

function DagRow({ dag, token, canPick }: DagRowProps): VNode {
  const last = dag.runs.at(-1);
  return (
    <tr data-key={dag.dagId}>
      {canPick && token === undefined && <td class="pick" />}
      {token !== undefined && <Pick name="dag" value={dag.dagId} label={dag.dagId} />}
      <th scope="row">
        <a href={`/dags/${dag.dagId}`}>
          <Id text={dag.dagId} />
        </a>
        {dag.tags.map((tag) => (
          <a class="tag" href={`/?tag=${encodeURIComponent(tag)}`}>
            {tag}
          </a>
        ))}
        {dag.description !== null && <p>{dag.description}</p>}
      </th>
      <td class="mid">
        <Bars name={dag.dagId} bars={dag.runs.map(barOf)} />
      </td>
      <td>
        {last ? (
          <a class="plain" href={`/runs/${last.id}`}>
            <State state={last.state} />
            <p>
              <Time at={last.startedAt ?? last.logicalDate} />
            </p>
          </a>
        ) : (
          <span class="faint">no runs yet</span>
        )}
      </td>
      <td class="mid">
        <span title={schedulesText(dag.schedules, dag.assets, dag.on)}>
          {plainSchedules(dag.schedules, dag.assets, dag.on)}
        </span>
        {dag.scheduleError !== null && <p class="bad">{dag.scheduleError}</p>}
      </td>
      <td class="low">
        {dag.isPaused ? <span class="faint">paused</span> : <Time at={dag.nextRunAfter} ahead />}
        {dag.pauseReason !== null && <p class="bad">{dag.pauseReason}</p>}
      </td>
      <td>
        <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} token={token} />
      </td>
      <td class="low">
        {token !== undefined && (
          <a class="button small" href={`/dags/${dag.dagId}/trigger`}>
            Trigger
          </a>
        )}
      </td>
    </tr>
  );
}

function barOf({ id, state, logicalDate, startedAt, finishedAt }: RecentRun): BarOf {
  const took = startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : null;
  return { href: `/runs/${id}`, state, logicalDate, tookMs: took && Math.max(0, took) };
}

function Nothing({ isFresh }: { readonly isFresh: boolean }): VNode {
  if (!isFresh) return <p class="nothing">No DAG matches.</p>;
  return (
    <p class="nothing">
      No DAGs are deployed yet. Deploy a folder of them with <code>dag deploy</code>, or run{" "}
      <code>dag dev</code> in that folder.
    </p>
  );
}
