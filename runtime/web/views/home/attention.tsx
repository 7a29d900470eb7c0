/**
 * The bands on top of the list of DAGs: what failed lately and why, and what is late. A
 * band without rows is not shown.
 */
import type { ComponentChildren, VNode } from "preact";
import type { FailedRun, LateRun } from "../../../store/reads/attention.ts";
import type { ImportErrorRow } from "../../../store/reads/import_errors.ts";
import { Icon } from "../parts/icon.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { Time } from "../parts/time.tsx";
import { ImportErrors } from "./import_errors.tsx";

export interface AttentionProps {
  readonly failed: readonly FailedRun[];
  readonly late: readonly LateRun[];
  readonly importErrors: readonly ImportErrorRow[];
}

export function AttentionBands({ failed, late, importErrors }: AttentionProps): VNode {
  return (
    <div class="bands">
      {importErrors.length > 0 && <ImportErrors errors={importErrors} />}
      {failed.length > 0 && <Failed runs={failed} />}
      {late.length > 0 && <Late runs={late} />}
    </div>
  );
}

interface BandProps {
  readonly title: string;
  readonly look: "failed" | "late";
  readonly more: VNode | null;
  readonly children: ComponentChildren;
}

function Band({ title, look, more, children }: BandProps): VNode {
  return (
    <section class={`band ${look}`} data-key={look} aria-label={title}>
      <h2>
        <Icon name={look === "failed" ? "failed" : "clock"} />
        {title}
        <span class="grow" />
        {more}
      </h2>
      <ul>{children}</ul>
    </section>
  );
}

function Failed({ runs }: { readonly runs: readonly FailedRun[] }): VNode {
  const more = <a href="/runs?state=failed">All failed runs</a>;
  return (
    <Band title="Failed in the last 24 hours" look="failed" more={more}>
      {runs.map((run) => (
        <li data-key={String(run.id)}>
          <span class="who">
            <a href={`/dags/${run.dagId}`}>
              <Id text={run.dagId} />
            </a>{" "}
            <a class="faint" href={`/runs/${run.id}`}>
              <RunTitle run={run} />
            </a>
          </span>
          <a class="what" href={failedHref(run)}>
            {run.taskId !== null && (
              <b>
                <Id text={run.taskId} />
              </b>
            )}{" "}
            {run.error ?? run.reason ?? "The run failed."}
          </a>
          <Time at={run.finishedAt} />
        </li>
      ))}
    </Band>
  );
}

/** The log of the task that failed first. */
function failedHref({ id, taskId, mapIndex }: FailedRun): string {
  if (taskId === null) return `/runs/${id}`;
  const item = mapIndex === null || mapIndex < 0 ? "" : `/${mapIndex}`;
  return `/runs/${id}/tasks/${taskId}${item}#log`;
}

function Late({ runs }: { readonly runs: readonly LateRun[] }): VNode {
  return (
    <Band title="Late, or due within the hour" look="late" more={null}>
      {runs.map((run) => (
        <li data-key={String(run.id)}>
          <span class="who">
            <a href={`/dags/${run.dagId}`}>
              <Id text={run.dagId} />
            </a>
          </span>
          <a class="what" href={`/runs/${run.id}`}>
            <RunTitle run={run} /> {run.isMissed ? "missed its deadline" : "must end soon"}
          </a>
          <Time at={run.dueAt} ahead={!run.isMissed} />
        </li>
      ))}
    </Band>
  );
}
