/** The actions on a run besides cancel: clear it, or mark it. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { PostButton } from "../parts/form.tsx";

export function RunButtons({
  run,
  token,
}: {
  readonly run: RunDetail;
  readonly token: string;
}): VNode {
  return (
    <>
      <a class="button" href={`/runs/${run.id}/clear`}>
        Clear…
      </a>{" "}
      {run.state !== "success" && (
        <PostButton
          action={`/runs/${run.id}/mark/success`}
          token={token}
          confirm="Mark this run and all its tasks as success?"
        >
          Mark success
        </PostButton>
      )}{" "}
      {run.state === "success" && (
        <PostButton
          action={`/runs/${run.id}/mark/failed`}
          token={token}
          confirm="Mark this run as failed?"
        >
          Mark failed
        </PostButton>
      )}
    </>
  );
}
