/** The audit as a file for other programs: CSV (RFC 4180), or one JSON document a line. */
import { type AuditedEntry, auditText } from "./audit_text.ts";

export const AUDIT_FORMATS = ["csv", "jsonl"] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

/** An entry of the audit. */
interface ExportedEntry extends AuditedEntry {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly dagId: string | null;
  readonly runId: string | null;
}

/** The line above the entries; none for JSON. */
export function exportHead(format: AuditFormat): string {
  return format === "csv" ? "id,at,actor,action,text,dag,run,detail\r\n" : "";
}

/** One entry with the end of its line. */
export function exportLine(format: AuditFormat, entry: ExportedEntry): string {
  if (format === "jsonl") return `${JSON.stringify(entry)}\n`;
  const { id, at, actor, action, dagId, runId, detail } = entry;
  const cells = [String(id), at.toISOString(), actor, action, auditText(entry), dagId, runId];
  return `${[...cells, JSON.stringify(detail)].map(cell).join(",")}\r\n`;
}

/**
 * A spreadsheet takes a text that begins with one of these characters for a formula, and
 * runs it: an apostrophe in front keeps it a text.
 */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: string | null): string {
  const text = FORMULA.test(value ?? "") ? `'${value}` : (value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
