/** Runs of all DAGs, newest first, with a selection to act on. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { BulkBar, Pick, PickAll } from "../lists/bulk.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State, Warnings } from "../parts/state.tsx";
import { Time, Took } from "../parts/time.tsx";
import { RunFilters, type RunFilterTexts, runsAddress, StateChips } from "./run_filters.tsx";

export interface RunsPageProps {
  readonly runs: readonly RunDetail[];
  readonly filters: RunFilterTexts;
  /** The id before which the next page begins; null on the last. */
  readonly before: number | null;
  /** Why the filters were refused; null when they were not. */
  readonly problem: string | null;
  /** The DAGs whose runs the reader may act on. */
  readonly operates: ReadonlySet<string>;
}

const ACTIONS = [
  { verb: "clear", label: "Clear failed tasks…" },
  { verb: "success", label: "Mark success…" },
  { verb: "failed", label: "Mark failed…" },
  { verb: "cancel", label: "Cancel…" },
  { verb: "annotate", label: "Note and labels…" },
] as const;

export function RunsPage({ runs, filters, before, problem, operates }: RunsPageProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Runs</h1>
        <StateChips filters={filters} />
      </div>
      <RunFilters filters={filters} />
      {problem !== null && (
        <p class="refused" role="alert">
          {problem}
        </p>
      )}
      {operates.size > 0 && <BulkBar action="/bulk/runs" actions={ACTIONS} />}
      <div id="runs" data-live>
        {runs.length === 0 ? (
          <p class="nothing">{nothingText(filters, before)}</p>
        ) : (
          <RunTable runs={runs} operates={operates} />
        )}
        <p class="pages">
          {before !== null && (
            <a class="button" href={olderAddress(filters, before)}>
              {runs.length === 0 ? "Search on" : "Older"}
            </a>
          )}
        </p>
      </div>
    </>
  );
}

function nothingText(filters: RunFilterTexts, before: number | null): string {
  if (before !== null) return "None of the runs that were searched matches; there are older ones.";
  if (runsAddress(filters, {}) !== "/runs")
    return "No run matches. Remove a filter to see more runs.";
  return "No runs yet. Trigger a DAG, or wait for its schedule.";
}

function olderAddress(filters: RunFilterTexts, before: number): string {
  const address = runsAddress(filters, {});
  return `${address}${address.includes("?") ? "&" : "?"}before=${before}`;
}

function RunTable({ runs, operates }: Pick<RunsPageProps, "runs" | "operates">): VNode {
  const canPick = operates.size > 0;
  return (
    <table class="list runs">
      <thead>
        <tr>
          {canPick && <PickAll label="Select all runs of this page" />}
          <th>Run</th>
          <th>State</th>
          <th class="low">Version</th>
          <th class="low">Started</th>
          <th>Duration</th>
          <th class="low">Remarks</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row run={run} canPick={canPick} isOperable={operates.has(run.dagId)} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly run: RunDetail;
  /** Whether the table has a column of boxes. */
  readonly canPick: boolean;
  /** Whether the reader may act on this run. */
  readonly isOperable: boolean;
}

function Row({ run, canPick, isOperable }: RowProps): VNode {
  return (
    <tr data-key={String(run.id)}>
      {canPick && !isOperable && <td class="pick" />}
      {isOperable && <Pick name="run" value={String(run.id)} label={`${run.dagId} ${run.runId}`} />}
      <th scope="row">
        <a href={`/runs/${run.id}`} title={run.runId}>
          <Id text={run.dagId} />
        </a>
        <p>
          <RunTitle run={run} />
        </p>
      </th>
      <td>
        <State state={run.state} />
        <Warnings count={run.warnings} />
      </td>
      <td class="low number">{run.version}</td>
      <td class="low">
        <Time at={run.startedAt} />
      </td>
      <td class="number">
        <Took from={run.startedAt} to={run.finishedAt} />
      </td>
      <td class="low">
        <Remarks run={run} />
      </td>
    </tr>
  );
}

function Remarks({ run }: { readonly run: RunDetail }): VNode {
  return (
    <>
      {run.reason !== null && <p>{run.reason}</p>}
      {run.note !== null && <p>{run.note}</p>}
      {Object.entries(run.labels).map(([key, value]) => (
        <a class="tag" href={`/runs?label=${encodeURIComponent(`${key}=${value}`)}`}>
          {key}={value}
        </a>
      ))}
    </>
  );
}
