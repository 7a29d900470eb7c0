/** The pages about the deployment itself: its services, and who did what. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs, visibleTags } from "../http/access.ts";
import { auditQuery } from "../http/input/audit.ts";
import { checked } from "../http/input/check.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readAudit } from "../read/read_audit.ts";
import { readSystem } from "../read/read_system.ts";
import { AuditPage } from "../views/system/audit_page.tsx";
import { SystemPage } from "../views/system/system.tsx";
import { sendPage } from "./send_page.ts";

export function systemRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/system", needs("system.read"), async (request, response) => {
    const body = h(SystemPage, await readSystem(services, visibleTags(request)));
    await sendPage(services, request, response, { title: "System", body });
  });
  routes.get("/audit", needs("audit.read"), (request, response) =>
    audit(services, request, response),
  );
  return routes;
}

async function audit(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(auditQuery, request.query);
  const entries = await readAudit(services, query);
  const dag = query.dagId ?? "";
  const more = new URLSearchParams({
    before: String(entries.at(-1)?.id),
    ...(dag && { dagId: dag }),
  });
  const older = entries.length < query.limit ? null : `/audit?${more}`;
  const body = h(AuditPage, { entries, older, dag });
  await sendPage(services, request, response, { title: "Audit", body });
}
