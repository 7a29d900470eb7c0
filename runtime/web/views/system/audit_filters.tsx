/** The filters of the audit. All of them are part of the address. */
import type { VNode } from "preact";
import { FilterBox, filteredAddress } from "../parts/filters.tsx";

/** The filters as they were typed; an empty text: no filter. */
export interface AuditFilterTexts {
  readonly user: string;
  readonly action: string;
  readonly dagId: string;
  readonly from: string;
  readonly to: string;
}

export const AUDIT_FILTERS = [
  ...["user", "action", "dagId", "from", "to"],
] as (keyof AuditFilterTexts)[];

/** An address with the filters, and more. */
export function auditAddress(
  path: string,
  filters: AuditFilterTexts,
  more: Readonly<Record<string, string>> = {},
): string {
  return filteredAddress(path, AUDIT_FILTERS, filters, more);
}

export function AuditFilters({ filters }: { readonly filters: AuditFilterTexts }): VNode {
  return (
    <form class="filters" method="get" action="/audit">
      <FilterBox name="user" label="Who" value={filters.user} maxLength={100} />
      <FilterBox name="action" label="Action" value={filters.action} placeholder="trigger" />
      <FilterBox name="dagId" label="DAG" value={filters.dagId} maxLength={200} />
      <FilterBox name="from" label="From" value={filters.from} type="date" />
      <FilterBox name="to" label="to" value={filters.to} type="date" />
      <button type="submit" class="button">
        Filter
      </button>
      <a class="button ghost" href="/audit">
        Reset
      </a>
      <span class="grow" />
      <a class="button" href={auditAddress("/audit/export", filters, { format: "csv" })} download>
        CSV
      </a>
      <a class="button" href={auditAddress("/audit/export", filters, { format: "jsonl" })} download>
        JSON lines
      </a>
    </form>
  );
}
