/** Who did what with a DAG, newest first. */
import type { VNode } from "preact";
import type { AuditRow } from "../../store/audit.ts";
import { Time } from "./time.tsx";

/** `detail` is JSON text, masked. */
export type ShownAudit = Omit<AuditRow, "detail"> & { readonly detail: string };

export function AuditList({ entries, older }: { readonly entries: readonly ShownAudit[]; readonly older: string | null }): VNode {
  if (entries.length === 0) return <p class="nothing">Nobody did anything.</p>;
  return (
    <>
      <table class="list">
        <thead>
          <tr>
            <th>At</th>
            <th>By</th>
            <th>What</th>
            <th>Run</th>
            <th>Detail</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ at, actor, action, runId, detail }) => (
            <tr>
              <td>
                <Time at={at} />
              </td>
              <td>{actor}</td>
              <th scope="row">{action}</th>
              <td>{runId}</td>
              <td class="faint">{detail === "{}" ? "" : detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {older !== null && (
        <p class="pages">
          <a class="button" href={older}>
            Older
          </a>
        </p>
      )}
    </>
  );
}
