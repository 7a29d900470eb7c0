/** The filters of the list of runs. All of them are part of the address. */
import type { VNode } from "preact";
import { RUN_STATES } from "../../../state/run_state.ts";
import { RUN_TYPES } from "../../../store/runs/dag_run.ts";
import { runTypeText } from "../parts/run_title.tsx";

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
  const texts = { ...filters, ...change };
  const query = new URLSearchParams();
  for (const name of RUN_FILTERS) if (texts[name] !== "") query.set(name, texts[name]);
  return query.size === 0 ? "/runs" : `/runs?${query}`;
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
      <Box name="dag" label="DAG" value={filters.dag} />
      <Box name="tag" label="Tag" value={filters.tag} />
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
      <Box name="version" label="Version" value={filters.version} />
      <Box name="label" label="Label" value={filters.label} placeholder="key=value" />
      <Box name="from" label="Logical date from" value={filters.from} type="date" />
      <Box name="to" label="to" value={filters.to} type="date" />
      <button type="submit" class="button">
        Filter
      </button>
      <a class="button ghost" href="/runs">
        Reset
      </a>
    </form>
  );
}

interface BoxProps {
  readonly name: keyof RunFilterTexts;
  readonly label: string;
  readonly value: string;
  readonly type?: "text" | "date";
  readonly placeholder?: string;
}

function Box({ name, label, value, type = "text", placeholder }: BoxProps): VNode {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is one of two
    <label>
      <span>{label}</span>
      {type === "date" ? (
        <input type="date" name={name} value={value} />
      ) : (
        <input type="text" name={name} value={value} placeholder={placeholder} maxLength={264} />
      )}
    </label>
  );
}
