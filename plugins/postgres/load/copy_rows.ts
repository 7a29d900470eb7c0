/** Rows of any source into a table, by the form of COPY that suits the source. */
import type { Sql } from "dagsmith";
import type { CsvPassage, ScannedColumn, SourceRows } from "dagsmith/plugins/formats";
import type { PostgresSession } from "../session.ts";
import { anyBytes } from "../values/sure_check.ts";
import { copyCsv } from "./copy_csv.ts";
import { type ColumnWriter, type CopyOptions, copyText } from "./copy_text.ts";

/**
 * Writes rows into a table.
 * @returns how many rows
 * @throws FailTask naming line and column of a value that does not fit
 */
export async function copyRows(
  session: PostgresSession,
  into: Sql,
  rows: SourceRows,
  options: CopyOptions,
): Promise<number> {
  const { writers } = options;
  const isReadable = writers.every(({ isSure }) => isSure !== undefined);
  const passage = isReadable ? await rows.passage?.() : null;
  if (passage) return passInto(session, into, passage, options);
  const names = writers.map(({ name }) => name);
  return (await session.copyFrom(into, names, copyText(rows, options))).rowCount;
}

async function passInto(
  session: PostgresSession,
  into: Sql,
  passage: CsvPassage,
  options: CopyOptions,
): Promise<number> {
  const { header, format } = passage;
  const writers = header.flatMap(
    (name) => options.writers.find((writer) => writer.name === name) ?? [],
  );
  // Each row of the file has all its columns.
  options.absent.clear();
  const bytes = copyCsv(passage, passage.parts(writers.map(scannedColumn)), {
    ...options,
    writers,
  });
  try {
    return (await session.copyFrom(into, header, bytes, format)).rowCount;
  } finally {
    await passage.close();
  }
}

function scannedColumn({ isSure = anyBytes, keptEnd, whyNotNull }: ColumnWriter): ScannedColumn {
  return { isSure, keptEnd, takesNull: whyNotNull === undefined, takesAny: isSure === anyBytes };
}
