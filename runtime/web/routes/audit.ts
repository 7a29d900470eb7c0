/** The audit of the whole deployment: its page, and all of it as a file. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { h } from "preact";
import { type AuditFormat, exportHead, exportLine } from "../../words/audit_export.ts";
import { mayAlso, needs } from "../http/access.ts";
import { auditQuery, exportQuery } from "../http/input/audit.ts";
import { checked } from "../http/input/check.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readAudit, readWholeAudit } from "../read/read_audit.ts";
import {
  AUDIT_FILTERS,
  type AuditFilterTexts,
  auditAddress,
  type FilteredAuditProps,
} from "../views/lists/audit_filters.tsx";
import { AuditPage } from "../views/system/audit_page.tsx";
import { shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

export function auditRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/audit", needs("audit.read"), (request, response) =>
    page(services, request, response),
  );
  routes.get("/audit/export", needs("audit.read"), (request, response) =>
    download(services, request, response),
  );
  return routes;
}

async function page(services: WebServices, request: Request, response: Response): Promise<void> {
  const list = await filteredAudit(services, request, { path: "/audit", dagId: null });
  if (list.problem !== null) response.status(400);
  const body = h(AuditPage, list);
  await sendPage(services, request, response, { title: "Audit", body });
}

/**
 * The entries that the filters of an address let through.
 * @param path the address without filters
 * @param dagId entries of this DAG only
 */
export async function filteredAudit(
  services: WebServices,
  request: Request,
  { path, dagId }: { readonly path: string; readonly dagId: string | null },
): Promise<FilteredAuditProps> {
  const filters = textsOf(request);
  const { query, problem } = queryOf(services, request);
  const of = dagId === null ? {} : { dagId };
  const entries = query ? await readAudit(services, { ...query, ...of }) : [];
  const isLast = !query || entries.length < query.limit;
  const older = isLast ? null : auditAddress(path, filters, { before: String(entries.at(-1)?.id) });
  const hasDetail = dagId === null || mayAlso(request, "xcom.read");
  return { path, entries, older, filters, problem, hasDetail };
}

type Query = Parameters<typeof readAudit>[1];

/** Refused filters leave the form as it was typed, with the reason above. */
function queryOf(
  services: WebServices,
  request: Request,
): { readonly query: Query | null; readonly problem: string | null } {
  try {
    return { query: checked(auditQuery, request.query), problem: null };
  } catch (error) {
    return { query: null, problem: shownError(services, error, []) };
  }
}

function textsOf({ query }: Request): AuditFilterTexts {
  const texts = AUDIT_FILTERS.map((name) => [
    name,
    typeof query[name] === "string" ? query[name] : "",
  ]);
  return Object.fromEntries(texts) as AuditFilterTexts;
}

const TYPES: Readonly<Record<AuditFormat, string>> = {
  csv: "text/csv",
  jsonl: "application/jsonl",
};

async function download(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { format, ...filter } = checked(exportQuery, request.query);
  response.set({
    "Content-Type": `${TYPES[format]}; charset=utf-8`,
    "Content-Disposition": `attachment; filename="audit.${format}"`,
    "Cache-Control": "no-store",
  });
  try {
    await pipeline(Readable.from(linesOf(services, format, filter)), response);
  } catch (error) {
    // A file that broke off must not look complete.
    services.log("download_failed", { error, object: "audit" });
    response.destroy();
  }
}

async function* linesOf(
  services: WebServices,
  format: AuditFormat,
  filter: Parameters<typeof readWholeAudit>[1],
): AsyncGenerator<string> {
  yield exportHead(format);
  for await (const entry of readWholeAudit(services, filter)) yield exportLine(format, entry);
}
