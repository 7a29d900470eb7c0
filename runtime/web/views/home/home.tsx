/** The list of DAGs, with files that could not be imported on top. */
import type { VNode } from "preact";
import type { DagFilter, DagOverview, DagQuery } from "../../../store/reads/dags.ts";
import type { ImportErrorRow } from "../../../store/reads/import_errors.ts";
import { schedulesText } from "../../../timetable/schedule_text.ts";
import { PauseSwitch } from "../parts/form.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { RunBars } from "./bars.tsx";
import { addressOf, Filters, Search } from "./filters.tsx";
import { ImportErrors } from "./import_errors.tsx";

export interface HomeProps {
  readonly dags: readonly DagOverview[];
  readonly counts: Readonly<Record<DagFilter, number>>;
  readonly importErrors: readonly ImportErrorRow[];
  readonly query: DagQuery;
  /** Absent: the server is read-only. */
  readonly token: string | undefined;
}

export function Home({ dags, counts, importErrors, query, token }: HomeProps): VNode {
  return (
    <>
      <div id="import-errors" data-live>
        {importErrors.length > 0 && <ImportErrors errors={importErrors} />}
      </div>
      <div class="title">
        <h1>DAGs</h1>
        <Filters counts={counts} query={query} />
        <Search query={query} />
      </div>
      <div id="dags" data-live>
        {dags.length === 0 ? (
          <Nothing isFresh={counts.all === 0} />
        ) : (
          <DagTable dags={dags} token={token} />
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

function DagTable({
  dags,
  token,
}: {
  readonly dags: readonly DagOverview[];
  readonly token: string | undefined;
}): VNode {
  return (
    <table class="list dags">
      <thead>
        <tr>
          <th>Schedule on</th>
          <th>DAG</th>
          <th>Last 14 runs</th>
          <th>Last run</th>
          <th>Schedule</th>
          <th>Next run</th>
          <th>
            <span class="hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {dags.map((dag) => (
          <DagRow dag={dag} token={token} />
        ))}
      </tbody>
    </table>
  );
}

function DagRow({
  dag,
  token,
}: {
  readonly dag: DagOverview;
  readonly token: string | undefined;
}): VNode {
  const last = dag.runs.at(-1);
  return (
    <tr data-key={dag.dagId}>
      <td>
        <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} token={token} />
      </td>
      <th scope="row">
        <a href={`/dags/${dag.dagId}`}>{dag.dagId}</a>
        {dag.tags.map((tag) => (
          <a class="tag" href={`/?tag=${encodeURIComponent(tag)}`}>
            {tag}
          </a>
        ))}
        {dag.description !== null && <p>{dag.description}</p>}
      </th>
      <td>
        <RunBars dagId={dag.dagId} runs={dag.runs} />
      </td>
      <td>
        {last ? (
          <a class="plain" href={`/runs/${last.id}`}>
            <State state={last.state} />
          </a>
        ) : (
          <span class="faint">no runs yet</span>
        )}
      </td>
      <td>
        <code>{schedulesText(dag.schedules, dag.assets, dag.on)}</code>
        {dag.scheduleError !== null && <p class="bad">{dag.scheduleError}</p>}
      </td>
      <td>
        {dag.isPaused ? <span class="faint">paused</span> : <Time at={dag.nextRunAfter} ahead />}
        {dag.pauseReason !== null && <p class="bad">{dag.pauseReason}</p>}
      </td>
      <td>
        {token !== undefined && (
          <a class="button small" href={`/dags/${dag.dagId}/trigger`}>
            Trigger
          </a>
        )}
      </td>
    </tr>
  );
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
