/** The progress of a mapped task as text. */
import type { VNode } from "preact";
import type { RunTask } from "../../read/run_tasks.ts";

export function MappedProgress({ task }: { readonly task: RunTask }): VNode | null {
  if (task.mapped === null) return null;
  const { instances, success, failed, skipped, upstreamFailed } = task.mapped;
  const left = instances - success - failed - skipped - upstreamFailed;
  return (
    <p>
      {success} of {instances} succeeded{failed > 0 && `, ${failed} failed`}
      {skipped > 0 && `, ${skipped} skipped`}
      {left > 0 && `, ${left} to go`}
    </p>
  );
}
