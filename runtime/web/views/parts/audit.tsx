/** The actions of people on a DAG, newest first. */
import type { VNode } from "preact";
import type { AuditRow } from "../../../store/reads/audit.ts";
import { PagedTable } from "../parts/paged_table.tsx";
import { Time } from "../parts/time.tsx";

/** `detail` is JSON text. */
export type ShownAudit = Omit<AuditRow, "detail"> & { readonly detail: string };

export function AuditList({
  entries,
  older,
}: {
  readonly entries: readonly ShownAudit[];
  readonly older: string | null;
}): VNode {
  if (entries.length === 0) return <p class="nothing">No actions yet.</p>;
  return (
    <PagedTable columns={["At", "By", "What", "Run", "Detail"]} next={older}>
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
    </PagedTable>
  );
}
