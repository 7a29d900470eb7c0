/** The audit log of the whole deployment. */
import type { VNode } from "preact";
import { FilteredAudit, type FilteredAuditProps } from "../lists/audit_filters.tsx";

export function AuditPage(props: FilteredAuditProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Audit</h1>
      </div>
      <FilteredAudit {...props} />
    </>
  );
}
