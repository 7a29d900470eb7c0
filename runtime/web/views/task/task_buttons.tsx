/** The actions on a task of a run: clear it, or mark it. */
import type { VNode } from "preact";
import { MARKS } from "../../../state/task_state.ts";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { State } from "../parts/state.tsx";

/** @param mapIndex one instance of a mapped task; null: the whole task */
export function TaskButtons({
  run,
  taskId,
  mapIndex,
}: {
  readonly run: Pick<RunDetail, "id">;
  readonly taskId: string;
  readonly mapIndex: number | null;
}): VNode {
  const item = mapIndex === null ? "" : `&mapIndex=${mapIndex}`;
  return (
    <>
      <a class="button" href={`/runs/${run.id}/clear?taskId=${taskId}&downstream=on${item}`}>
        Clear…
      </a>{" "}
      <details class="menu">
        <summary class="button">Mark as…</summary>
        <div>
          {MARKS.map((state) => (
            <a href={`/runs/${run.id}/tasks/${taskId}/mark?to=${state}${item}`}>
              <State state={state} />
            </a>
          ))}
        </div>
      </details>
    </>
  );
}
