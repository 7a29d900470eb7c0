/** The filters of the list of runs. All of them are part of the address. */
import type { VNode } from "preact";
import { RUN_STATES } from "../../../state/run_state.ts";
import { RUN_TYPES } from "../../../store/runs/dag_run.ts";
import { FilterBox, filteredAddress } from "../lists/filters.tsx";
import { runTypeText } from "../parts/run_title.tsx";

/** Characters of a text: of a label with its key and its value. */
const LONGEST = 264;

/** The filters as they were typed; an empty text: no filter. */
export interface RunFilterTexts {
  readonly state: string;
  readonly dag: string;
  readonly tag: string;
  readonly type: string;
  readonly version: string;
  readonly label: string;
  readonly from: string;
  readonly to: string;
}

export const RUN_FILTERS = [
  ...["state", "dag", "tag", "type", "version", "label", "from", "to"],
] as (keyof RunFilterTexts)[];

/** The address of the list with changed filters. */
export function runsAddress(filters: RunFilterTexts, change: Partial<RunFilterTexts>): string {
  return filteredAddress("/runs", RUN_FILTERS, { ...filters, ...change });
}

export function StateChips({ filters }: { readonly filters: RunFilterTexts }): VNode {
  return (
    <nav class="chips" aria-label="State">
      {["", ...RUN_STATES].map((state) => (
        <a
          href={runsAddress(filters, { state })}
          aria-current={state === filters.state ? "page" : undefined}
        >
          {state === "" ? "all" : state}
        </a>
      ))}
    </nav>
  );
}

export function RunFilters({ filters }: { readonly filters: RunFilterTexts }): VNode {
  return (
    <form class="filters" method="get" action="/runs">
      <input type="hidden" name="state" value={filters.state} />
      <FilterBox name="dag" label="DAG" value={filters.dag} maxLength={LONGEST} />
      <FilterBox name="tag" label="Tag" value={filters.tag} maxLength={LONGEST} />
      <label>
        <span>Type</span>
        <select name="type">
          <option value="">any</option>
          {RUN_TYPES.map((type) => (
            <option value={type} selected={type === filters.type}>
              {runTypeText(type)}
            </option>
          ))}
        </select>
      </label>
      <FilterBox name="version" label="Version" value={filters.version} maxLength={LONGEST} />
      <FilterBox
        name="label"
        label="Label"
        value={filters.label}
        placeholder="key=value"
        maxLength={LONGEST}
      />
      <FilterBox name="from" label="Logical date from" value={filters.from} type="date" />
      <FilterBox name="to" label="to" value={filters.to} type="date" />
      <button type="submit" class="button">
        Filter
      </button>
      <a class="button ghost" href="/runs">
        Reset
      </a>
    </form>
  );
}
