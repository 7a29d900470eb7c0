/** One backfill: its request, its progress, and its planned runs in their order. */
import type { VNode } from "preact";
import type { BackfillRunSummary, BackfillSummary } from "../../../store/reads/backfills.ts";
import { schedulesText } from "../../../timetable/schedule_text.ts";
import { DagCrumbs } from "../frame/crumbs.tsx";
import { Fact } from "../parts/fact.tsx";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { JsonValue } from "../values/json_value.tsx";
import { BackfillButtons, ProgressBar } from "./backfill_list.tsx";

export interface BackfillProps {
  readonly backfill: BackfillSummary;
  /** JSON text. */
  readonly params: string;
  readonly runs: readonly BackfillRunSummary[];
  /** The address of the next runs; null on the last page. */
  readonly more: string | null;
  readonly token: string | undefined;
}

export function BackfillPage({ backfill, params, runs, more, token }: BackfillProps): VNode {
  const { id, dagId } = backfill;
  return (
    <>
      <DagCrumbs dagId={dagId}>
        <a href={`/dags/${dagId}/backfills`}>Backfills</a>
      </DagCrumbs>
      <div id="backfill-head" data-live>
        <div class="title">
          <h1>Backfill {id}</h1>
          <span>{backfill.state}</span>
          <span class="grow" />
          {token !== undefined && <BackfillButtons backfill={backfill} token={token} />}
        </div>
        <p>
          <ProgressBar progress={backfill.progress} />
        </p>
      </div>
      <dl class="facts">
        <Fact name="Logical dates">
          <Time at={backfill.from} /> → <Time at={backfill.to} />
          {backfill.backwards && " backwards"}
        </Fact>
        <Fact name="Schedule">
          <code>
            {schedulesText([
              { name: backfill.schedule, schedule: backfill.scheduleSpec, params: {} },
            ])}
          </code>
        </Fact>
        <Fact name="Reprocess">{backfill.reprocess}</Fact>
        <Fact name="Runs at once">{backfill.maxActiveRuns}</Fact>
        <Fact name="Code">{backfill.code}</Fact>
        <Fact name="By">
          {backfill.createdBy}, <Time at={backfill.createdAt} />
        </Fact>
        {params !== "{}" && (
          <Fact name="Params">
            <JsonValue text={params} />
          </Fact>
        )}
      </dl>
      <section id="runs" data-live aria-label="Runs">
        <RunTable runs={runs} />
        {more !== null && (
          <p class="pages">
            <a class="button" href={more}>
              More
            </a>
          </p>
        )}
      </section>
    </>
  );
}

function RunTable({ runs }: { readonly runs: readonly BackfillRunSummary[] }): VNode {
  return (
    <table class="list">
      <thead>
        <tr>
          <th>#</th>
          <th>Data interval</th>
          <th>State</th>
          <th>Run</th>
          <th>Remark</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr data-key={String(run.ordinal)}>
            <th scope="row">{run.ordinal}</th>
            <td>
              <Time at={run.dataIntervalStart} /> → <Time at={run.dataIntervalEnd} />
            </td>
            <td>
              {run.decision === "skip" ? (
                <span class="faint">skipped</span>
              ) : (
                <State state={run.runState ?? "none"} />
              )}
            </td>
            <td>
              {run.run === null || run.runId === null ? (
                "–"
              ) : (
                <a href={`/runs/${run.run}`}>
                  <Id text={run.runId} />
                </a>
              )}
            </td>
            <td class="faint">{run.reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
