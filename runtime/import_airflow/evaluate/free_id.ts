/** Ids that dagsmith accepts and that are not taken. */

/** The id, or the id with a number as Airflow gives it: `load`, `load__1`, `load__2`. */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  const allowed = wanted.replace(/[^\w.-]+/g, "_").slice(0, 190) || "_";
  const ids = [allowed, ...Array.from({ length: taken.size }, (_, at) => `${allowed}__${at + 1}`)];
  return ids.find((id) => !taken.has(id)) ?? allowed;
}
