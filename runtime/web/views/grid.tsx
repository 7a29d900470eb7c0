/** The grid: a real table, so that it can be read row by row and column by column without seeing it. */
import type { VNode } from "preact";
import type { RunDetail } from "../../store/page_runs.ts";
import type { Grid, GridCell, GridRow } from "../grid.ts";
import { State, stateText } from "./state.tsx";
import { durationText, utcText } from "./text.ts";

const BAR_HEIGHT = 40;
const LEGEND = ["success", "failed", "running", "queued", "up_for_retry", "upstream_failed", "skipped"] as const;

export function GridTable({ grid, older }: { readonly grid: Grid; readonly older: string | null }): VNode {
  if (grid.runs.length === 0) return <p class="nothing">No runs yet. The first one shows here as soon as it is created.</p>;
  return (
    <>
      <section class="scroll" aria-label="Tasks by runs">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">Task</th>
              {grid.runs.map((run) => (
                <RunHead run={run} longest={longest(grid.runs)} />
              ))}
            </tr>
          </thead>
          <tbody>
            {grid.rows.map((row) => (
              <Row row={row} />
            ))}
          </tbody>
        </table>
      </section>
      <p class="legend">
        {LEGEND.map((state) => (
          <State state={state} />
        ))}
        <span class="grow" />
        {older !== null && <a href={older}>Older runs</a>}
      </p>
    </>
  );
}

function RunHead({ run, longest: most }: { readonly run: RunDetail; readonly longest: number }): VNode {
  const ms = tookMs(run);
  const height = ms === null ? BAR_HEIGHT / 2 : Math.max(4, Math.round(BAR_HEIGHT * Math.sqrt(ms / most)));
  const what = `${stateText(run.state)} · ${utcText(run.logicalDate)}${ms === null ? "" : ` · ${durationText(ms)}`}`;
  return (
    <th scope="col">
      <a href={`/runs/${run.id}`} title={what}>
        <svg width="14" height={BAR_HEIGHT} aria-hidden="true">
          <rect class={run.state} x="2" y={BAR_HEIGHT - height} width="10" height={height} rx="2" />
        </svg>
        <span class="hidden">{what}</span>
      </a>
    </th>
  );
}

function Row({ row }: { readonly row: GridRow }): VNode {
  return (
    <tr>
      <th scope="row" class={row.isCurrent ? undefined : "gone"} title={row.isCurrent ? undefined : "not in the newest version"}>
        {row.taskId}
        {row.isMapped && <span class="faint"> [ ]</span>}
      </th>
      {row.cells.map((cell) => (
        <td>{cell && <Cell cell={cell} />}</td>
      ))}
    </tr>
  );
}

/** As few characters as will do: there may be 10,000. The stylesheet draws the glyph. */
function Cell({ cell }: { readonly cell: GridCell }): VNode {
  const text = stateText(cell.state);
  // biome-ignore lint/a11y/useAnchorContent: its name is its title; text inside would double the size of a large grid
  return <a class={cell.state} href={cell.href} title={cell.detail === null ? text : `${text}, ${cell.detail}`} />;
}

function longest(runs: readonly RunDetail[]): number {
  return Math.max(1, ...runs.map((run) => tookMs(run) ?? 0));
}

function tookMs(run: RunDetail): number | null {
  return run.startedAt && run.finishedAt ? run.finishedAt.getTime() - run.startedAt.getTime() : null;
}
