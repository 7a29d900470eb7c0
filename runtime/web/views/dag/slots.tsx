/** What became of a DAG's slots, newest first, below what waits. */
import type { VNode } from "preact";
import { slotReason } from "../../../scheduler/slot_reason.ts";
import type { Slot } from "../../../scheduler/slots.ts";
import { PagedTable } from "../parts/paged_table.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";

export interface SlotListProps {
  readonly slots: readonly Slot[];
  /** The address of what lies before; null when nothing does. */
  readonly older: string | null;
}

export function SlotList({ slots, older }: SlotListProps): VNode {
  if (slots.length === 0) return <p class="nothing">No slots: this DAG has no schedule.</p>;
  const isNamed = slots.some(({ schedule }) => schedule !== "");
  return (
    <PagedTable
      columns={[
        isNamed && "Schedule",
        "Logical date",
        "Slots",
        "Decision",
        "Run or reason",
        "Decided or due",
      ]}
      next={older}
    >
      {slots.map((slot) => (
        <SlotRow slot={slot} isNamed={isNamed} />
      ))}
    </PagedTable>
  );
}

function SlotRow({ slot, isNamed }: { readonly slot: Slot; readonly isNamed: boolean }): VNode {
  const { logicalDate, lastLogicalDate } = slot;
  const isRange = logicalDate !== null && lastLogicalDate !== null && logicalDate < lastLogicalDate;
  return (
    <tr>
      {isNamed && <td>{slot.schedule}</td>}
      <th scope="row">
        <Time at={logicalDate} />
        {isRange && (
          <>
            {" to "}
            <Time at={lastLogicalDate} />
          </>
        )}
      </th>
      <td>{slot.count ?? (slot.decision === "skipped" ? "many" : "–")}</td>
      <td>
        {slot.decision === "run" && slot.runState !== null ? (
          <State state={slot.runState} />
        ) : (
          slot.decision
        )}
      </td>
      <td>
        <RunOrReason slot={slot} />
      </td>
      <td>
        {slot.decision === "waiting" ? (
          <Time at={slot.runAfter} ahead />
        ) : (
          <Time at={slot.decidedAt} />
        )}
      </td>
    </tr>
  );
}

function RunOrReason({ slot }: { readonly slot: Slot }): VNode {
  if (slot.run !== null) return <a href={`/runs/${slot.run}`}>{slot.runId}</a>;
  return (
    <span class={slot.reason === "error" ? "bad" : undefined}>
      {slot.runId ?? slotReason(slot)}
    </span>
  );
}
