/** The filters of the audit. All of them are part of the address. */
import type { VNode } from "preact";

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
  const query = new URLSearchParams();
  for (const name of AUDIT_FILTERS) if (filters[name] !== "") query.set(name, filters[name]);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}

export function AuditFilters({ filters }: { readonly filters: AuditFilterTexts }): VNode {
  return (
    <form class="filters" method="get" action="/audit">
      <label>
        <span>Who</span>
        <input type="text" name="user" value={filters.user} maxLength={100} />
      </label>
      <label>
        <span>Action</span>
        <input type="text" name="action" value={filters.action} placeholder="trigger" />
      </label>
      <label>
        <span>DAG</span>
        <input type="text" name="dagId" value={filters.dagId} maxLength={200} />
      </label>
      <label>
        <span>From</span>
        <input type="date" name="from" value={filters.from} />
      </label>
      <label>
        <span>to</span>
        <input type="date" name="to" value={filters.to} />
      </label>
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
