/** The grid: a real table, so that screen readers can read it by rows and columns. */
import type { VNode } from "preact";
import type { DagSpec } from "../../../../sdk/spec/index.ts";
import { stateText } from "../../../words/shown_state.ts";
import type { Folds } from "../../groups/folded_groups.ts";
import { groupAnchor } from "../../groups/group_tree.ts";
import type { Grid, GridCell, GridRow } from "../../read/grid.ts";
import { FoldAll, RowName } from "../lists/row_name.tsx";
import { State } from "../parts/state.tsx";
import { DurationAxis, RunHeads } from "./grid_head.tsx";

const LEGEND = [
  "success",
  "failed",
  "running",
  "queued",
  "up_for_retry",
  "upstream_failed",
  "skipped",
] as const;

export interface GridTableProps {
  readonly grid: Grid;
  readonly spec: Pick<DagSpec, "groups">;
  readonly folds: Folds;
  readonly older: string | null;
}

export function GridTable({ grid, spec, folds, older }: GridTableProps): VNode {
  if (grid.runs.length === 0)
    return <p class="nothing">No runs yet. The first one shows here as soon as it is created.</p>;
  return (
    <>
      <section class="scroll newest" aria-label="Tasks by runs">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">
                <DurationAxis runs={grid.runs} />
                Task
                <FoldAll spec={spec} folds={folds} />
              </th>
              <RunHeads runs={grid.runs} />
            </tr>
          </thead>
          <tbody>
            {grid.rows.map((row) => (
              <Row row={row} folds={folds} />
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

function Row({ row, folds }: { readonly row: GridRow; readonly folds: Folds }): VNode {
  const { item, isCurrent, isMapped } = row;
  const gone = isCurrent ? {} : { class: "gone", title: "not in the newest version" };
  return (
    <tr
      id={item.type === "group" ? groupAnchor(item.id) : undefined}
      data-key={`${item.type} ${item.id}`}
    >
      <RowName row={row} folds={folds} {...gone}>
        {isMapped && <span class="faint"> [ ]</span>}
      </RowName>
      {row.cells.map((cell) => (
        <td>{cell && <Cell cell={cell} />}</td>
      ))}
    </tr>
  );
}

/** As few characters as possible: there may be 10,000. The stylesheet draws the glyph. */
function Cell({ cell }: { readonly cell: GridCell }): VNode {
  const text = stateText(cell.state);
  return (
    // biome-ignore lint/a11y/useAnchorContent: its name is its title; text would double a large grid
    <a
      class={cell.state}
      href={cell.href}
      title={cell.detail === null ? text : `${text}, ${cell.detail}`}
    />
  );
}
