/**
 * Work on rows that another transaction may hold. That transaction nearly always ends
 * within milliseconds. The one of a frozen process lasts until the server ends it, and
 * must not hold up what is free.
 */

/** Pauses before the further looks, in milliseconds: two seconds in all. */
const PAUSES_MS = [5, 20, 80, 200, 500, 1_200];

/**
 * Runs `pass`, and runs it again for what it left because another transaction holds it.
 * What is held for longer than two seconds is left to a job of the scheduler.
 * @param pass leaves what is held, and returns it; it must not wait for a lock
 */
export async function retryHeld<Item>(
  items: readonly Item[],
  pass: (items: readonly Item[]) => Promise<readonly Item[]>,
): Promise<void> {
  let held = await pass(items);
  for (const ms of PAUSES_MS) {
    if (held.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, ms));
    held = await pass(held);
  }
}
