/** A page of a DAG's slots, masked, and where the next page begins. */
import { readSlots, type Slot } from "../../scheduler/slots.ts";
import type { SlotQuery } from "../../store/dags/slot.ts";
import type { WebServices } from "../http/services.ts";

export interface SlotPage {
  readonly slots: readonly Slot[];
  /** `after` of the next page; null on the last. */
  readonly next: string | null;
}

/** Undefined for a DAG that was never deployed. */
export async function readSlotPage(
  { reader, mask }: WebServices,
  query: SlotQuery,
): Promise<SlotPage | undefined> {
  const found = await readSlots(reader, query);
  if (!found) return undefined;
  const slots = found.map((slot) => ({
    ...slot,
    detail: slot.detail === null ? null : mask(slot.detail),
  }));
  const decided = slots.filter(({ decision }) => decision !== "waiting");
  const last = decided.at(-1);
  const isFull = decided.length === query.limit;
  return {
    slots,
    next:
      isFull && last?.lastLogicalDate
        ? `${last.lastLogicalDate.toISOString()}~${last.schedule}`
        : null,
  };
}
