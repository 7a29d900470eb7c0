/** Rows and texts in the form in which statements take them. */

/** Rows turned into columns: one array for each parameter of a statement that reads them with unnest(). */
export function columns<Row>(
  rows: readonly Row[],
  cells: (row: Row) => readonly unknown[],
): readonly unknown[][] {
  const [first, ...rest] = rows.map(cells);
  const table = (first ?? []).map((cell) => [cell]);
  for (const row of rest) for (const [index, cell] of row.entries()) table[index]?.push(cell);
  return table;
}

/** PostgreSQL refuses a text with a NUL in it, and with it the whole statement: one task's message must not hold up the others'. */
export function storableText<Text extends string | null>(text: Text): Text {
  return (text?.includes("\0") ? text.replaceAll("\0", "\u2400") : text) as Text;
}
