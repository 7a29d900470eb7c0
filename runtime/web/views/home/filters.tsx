/**
 * The filters of the list of DAGs: chips, a tag, a search box. All of them are part of
 * the address.
 */
import type { VNode } from "preact";
import { DAG_FILTERS, type DagFilter, type DagQuery } from "../../../store/reads/dags.ts";

export function Filters({
  counts,
  query,
}: {
  readonly counts: Readonly<Record<DagFilter, number>>;
  readonly query: DagQuery;
}): VNode {
  return (
    <nav class="chips" aria-label="Filter">
      {DAG_FILTERS.map((filter) => (
        <a
          class={filter}
          href={addressOf(query, { filter, after: "" })}
          aria-current={filter === query.filter ? "page" : undefined}
        >
          {filter} <b>{counts[filter]}</b>
        </a>
      ))}
      {query.tag !== null && (
        <a
          href={addressOf(query, { tag: null, after: "" })}
          title="Show all tags"
          aria-current="page"
        >
          tag: {query.tag} <b aria-hidden="true">×</b>
        </a>
      )}
    </nav>
  );
}

export function Search({ query }: { readonly query: DagQuery }): VNode {
  return (
    <search>
      <form class="search" method="get" action="/">
        {query.filter !== "all" && <input type="hidden" name="filter" value={query.filter} />}
        {query.tag !== null && <input type="hidden" name="tag" value={query.tag} />}
        <input
          type="search"
          name="q"
          value={query.search ?? ""}
          placeholder="Find a DAG"
          aria-label="Find a DAG"
          maxLength={200}
        />
      </form>
    </search>
  );
}

/** The address of the list with a changed filter. */
export function addressOf(query: DagQuery, change: Partial<DagQuery>): string {
  const { filter, tag, search, after } = { ...query, ...change };
  const found = new URLSearchParams();
  if (filter !== "all") found.set("filter", filter);
  if (tag !== null) found.set("tag", tag);
  if (search !== null) found.set("q", search);
  if (after !== "") found.set("after", after);
  return found.size === 0 ? "/" : `/?${found}`;
}
