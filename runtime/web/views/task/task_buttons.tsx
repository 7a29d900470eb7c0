/** The actions on a task of a run: clear it, or mark it. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { PostButton } from "../parts/form.tsx";

/** @param mapIndex one instance of a mapped task; null: the whole task */
export function TaskButtons({
  run,
  taskId,
  mapIndex,
  token,
}: {
  readonly run: Pick<RunDetail, "id">;
  readonly taskId: string;
  readonly mapIndex: number | null;
  readonly token: string;
}): VNode {
  const item = mapIndex === null ? "" : `&mapIndex=${mapIndex}`;
  const query = mapIndex === null ? "" : `?mapIndex=${mapIndex}`;
  return (
    <>
      <a class="button" href={`/runs/${run.id}/clear?taskId=${taskId}&downstream=on${item}`}>
        Clear…
      </a>{" "}
      {(["success", "failed", "skipped"] as const).map((state) => (
        <>
          <PostButton
            action={`/runs/${run.id}/tasks/${taskId}/mark/${state}${query}`}
            token={token}
            confirm={`Mark ${taskId} as ${state}?`}
          >
            Mark {state}
          </PostButton>{" "}
        </>
      ))}
    </>
  );
}
