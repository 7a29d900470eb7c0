/** Rows turned into columns: one array for each parameter of a statement that reads them with unnest(). */
export function columns<Row>(rows: readonly Row[], cells: (row: Row) => readonly unknown[]): readonly unknown[][] {
  const [first, ...rest] = rows.map(cells);
  const table = (first ?? []).map((cell) => [cell]);
  for (const row of rest) for (const [index, cell] of row.entries()) table[index]?.push(cell);
  return table;
}
