/** Pages and forms about doing again: backfills, clearing, marking, notes and labels; and who did what. */
import { type Request, type Response, Router } from "express";
import { h } from "preact";
import { isDagsmithError } from "../../../sdk/errors.ts";
import type { Json } from "../../../sdk/json.ts";
import type {
  BackfillPreview,
  BackfillRequest,
  ClearedRun,
  ClearSelection,
} from "../../actions/index.ts";
import { MARKS } from "../../state/task_state.ts";
import { listAudit } from "../../store/reads/audit.ts";
import { listBackfillRuns, listBackfills } from "../../store/reads/backfills.ts";
import { needBackfill } from "../api/again.ts";
import { Refused } from "../http/gate.ts";
import {
  auditQuery,
  backfillBody,
  backfillRunsQuery,
  clearBody,
  formBody,
  runParams,
  taskParams,
} from "../http/input.ts";
import { paramFields, paramsFromForm } from "../http/params_form.ts";
import { checked, formToken, markOf, sendPage } from "../http/respond.ts";
import { maskJson, type WebServices } from "../http/services.ts";
import { readRun } from "../read/read_run.ts";
import { BackfillPage } from "../views/backfills/backfill.tsx";
import { BackfillForm } from "../views/backfills/backfill_form.tsx";
import { BackfillList } from "../views/backfills/backfill_list.tsx";
import { AuditList } from "../views/dag/audit.tsx";
import { DagPage } from "../views/dag/dag.tsx";
import { ClearPage } from "../views/run/clear.tsx";
import { actorOf, allowed, readForm } from "./forms.ts";
import { dagOf } from "./pages.ts";

type Sent = Readonly<Record<string, string>>;

export function againRoutes(services: WebServices): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get("/dags/:dagId/backfills", (request, response) =>
    backfills(services, request, response),
  );
  router.get("/dags/:dagId/backfills/new", (request, response) =>
    backfillForm(services, request, response, {}, null, null),
  );
  router.post("/dags/:dagId/backfills", readForm, (request, response) =>
    createBackfill(services, request, response),
  );
  router.get("/dags/:dagId/audit", (request, response) => audit(services, request, response));
  router.get("/backfills/:id", (request, response) => backfill(services, request, response));
  for (const verb of ["pause", "resume", "cancel"] as const)
    router.post(`/backfills/:id/${verb}`, readForm, (request, response) =>
      moveBackfill(services, request, response, verb),
    );
  router.get("/runs/:id/clear", (request, response) =>
    clearForm(services, request, response, checked(formBody, request.query), null, null),
  );
  router.post("/runs/:id/clear", readForm, (request, response) =>
    clear(services, request, response),
  );
  for (const state of MARKS) {
    router.post(`/runs/:id/tasks/:taskId/mark/${state}`, readForm, async (request, response) => {
      const { id, taskId } = checked(taskParams, request.params);
      const { mapIndex } = checked(clearBody, {
        mapIndex: numberOf(String(request.query.mapIndex ?? "")),
      });
      const item = mapIndex === undefined ? {} : { mapIndex };
      await allowed(services, request).markTask(services.db, {
        id,
        taskId,
        ...item,
        to: state,
        actor: actorOf(request),
      });
      response.redirect(
        303,
        `/runs/${id}/tasks/${taskId}${mapIndex === undefined ? "" : `/${mapIndex}`}`,
      );
    });
    if (state === "skipped") continue;
    router.post(`/runs/:id/mark/${state}`, readForm, async (request, response) => {
      const { id } = checked(runParams, request.params);
      await allowed(services, request).markRun(services.db, {
        id,
        to: state,
        actor: actorOf(request),
      });
      response.redirect(303, `/runs/${id}`);
    });
  }
  router.post("/runs/:id/annotate", readForm, (request, response) =>
    annotate(services, request, response),
  );
  return router;
}

async function backfills(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const { dagId, spec } = dag;
  const found = await listBackfills(services.reader, dagId, 50);
  const token = formToken(services, request);
  const canCreate =
    dag.removedAt === null &&
    spec.schedules.length > 0 &&
    found.every(({ endedAt }) => endedAt !== null);
  const children = h(BackfillList, { dagId, backfills: found, token, canCreate });
  const body = h(DagPage, { dag, tab: "backfills", token, children });
  await sendPage(services, request, response, {
    title: `Backfills of ${dagId}`,
    live: { topic: `dag:${dagId}`, mark },
    body,
  });
}

async function backfill(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { id } = checked(runParams, request.params);
  const { after, limit } = checked(backfillRunsQuery, request.query);
  const { dagId } = await needBackfill(services, id);
  // The mark first, then what it stands for.
  const mark = await markOf(services, `dag:${dagId}`);
  const found = await needBackfill(services, id);
  const runs = await listBackfillRuns(services.reader, id, after, limit);
  const more =
    runs.length < limit ? null : `/backfills/${id}?after=${runs.at(-1)?.ordinal}&limit=${limit}`;
  const params = JSON.stringify(maskJson(services.mask, found.params));
  const body = h(BackfillPage, {
    backfill: found,
    params,
    runs,
    more,
    token: formToken(services, request),
  });
  await sendPage(services, request, response, {
    title: `Backfill ${id} of ${dagId}`,
    live: { topic: `dag:${dagId}`, mark },
    body,
  });
}

/** @throws Refused 403 when this page only shows */
function needToken(services: WebServices, request: Request): string {
  const token = formToken(services, request);
  if (token === undefined)
    throw new Refused(403, "This page only shows; nothing can be changed here.");
  return token;
}

async function backfillForm(
  services: WebServices,
  request: Request,
  response: Response,
  sent: Sent,
  error: string | null,
  preview: BackfillPreview | null,
): Promise<void> {
  const token = needToken(services, request);
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const { dagId, spec } = dag;
  const schedules = spec.schedules.map(({ name }) => name);
  const form = h(BackfillForm, {
    dagId,
    schedules,
    fields: paramFields(spec.paramsSchema),
    sent,
    error,
    preview,
    token,
  });
  const body = h(DagPage, { dag, tab: "backfills", token, children: form });
  await sendPage(services, request, response, {
    title: `Backfill ${dagId}`,
    live: { topic: `dag:${dagId}`, mark },
    body,
  });
}

async function createBackfill(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const actions = allowed(services, request);
  const sent = checked(formBody, request.body);
  const { dagId, spec } = await dagOf(services, request);
  try {
    const asked = backfillOf(dagId, sent, paramsFromForm(paramFields(spec.paramsSchema), sent));
    if (sent.do !== "create")
      return await backfillForm(
        services,
        request,
        response,
        sent,
        null,
        await actions.previewBackfill(services.db, asked),
      );
    const { id } = await actions.createBackfill(services.db, { ...asked, actor: actorOf(request) });
    response.redirect(303, `/backfills/${id}`);
  } catch (error) {
    if (!isDagsmithError(error) || error.code === "UNKNOWN_DAG") throw error;
    response.status(422);
    await backfillForm(services, request, response, sent, services.mask(error.message), null);
  }
}

/** A form as the request that it stands for. @throws DagsmithError INVALID_ARGUMENT, INVALID_LABEL */
function backfillOf(dagId: string, sent: Sent, params: Json): Omit<BackfillRequest, "actor"> {
  const fields = {
    ...{
      from: sent.from ?? "",
      to: sent.to ?? "",
      reprocess: sent.reprocess || undefined,
      code: sent.code || undefined,
    },
    ...{
      maxActiveRuns: numberOf(sent.maxActiveRuns ?? ""),
      backwards: sent.order === "backwards",
      schedule: sent.schedule || undefined,
    },
    ...{ labels: labelsOf(sent.labels ?? ""), params },
  };
  const { from, to, ...more } = checked(backfillBody, fields);
  return {
    dagId,
    from,
    to,
    ...(Object.fromEntries(
      Object.entries(more).filter(([, value]) => value !== undefined),
    ) as object),
  };
}

/** Undefined for an empty text; what is no number stays text, and the schema says so. */
function numberOf(text: string): number | undefined {
  if (text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? (text as unknown as number) : value;
}

/** `a=1, b=2`; a part without `=` becomes a key without a value, which is refused if it is no key. */
function labelsOf(text: string): Readonly<Record<string, string>> {
  const parts = text.split(",").map((part) => part.trim());
  return Object.fromEntries(
    parts
      .filter((part) => part !== "")
      .map((part) => {
        const at = part.indexOf("=");
        return at < 0 ? [part, ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
      }),
  );
}

async function moveBackfill(
  services: WebServices,
  request: Request,
  response: Response,
  verb: "pause" | "resume" | "cancel",
): Promise<void> {
  const actions = allowed(services, request);
  const { id } = checked(runParams, request.params);
  await actions[`${verb}Backfill`](services.db, { id, actor: actorOf(request) });
  response.redirect(303, `/backfills/${id}`);
}

async function clearForm(
  services: WebServices,
  request: Request,
  response: Response,
  sent: Sent,
  error: string | null,
  preview: readonly ClearedRun[] | null,
): Promise<void> {
  const token = needToken(services, request);
  const { run, spec } = await readRun(services.reader, checked(runParams, request.params).id);
  const body = h(ClearPage, {
    run,
    taskIds: spec.tasks.map(({ taskId }) => taskId),
    sent,
    error,
    preview,
    token,
  });
  await sendPage(services, request, response, { title: `Clear ${run.runId}`, body });
}

async function clear(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = allowed(services, request);
  const { id } = checked(runParams, request.params);
  const sent = checked(formBody, request.body);
  try {
    const selection = clearOf(id, sent);
    if (sent.do !== "clear")
      return await clearForm(
        services,
        request,
        response,
        sent,
        null,
        await actions.previewClear(services.db, selection),
      );
    await actions.clearRuns(services.db, { ...selection, actor: actorOf(request) });
    response.redirect(303, `/runs/${id}`);
  } catch (error) {
    if (!isDagsmithError(error) || error.code === "UNKNOWN_RUN") throw error;
    response.status(422);
    await clearForm(services, request, response, sent, services.mask(error.message), null);
  }
}

function clearOf(id: number, sent: Sent): ClearSelection {
  const { taskId, mapIndex } = checked(clearBody, {
    taskId: sent.taskId || undefined,
    mapIndex: numberOf(sent.mapIndex ?? ""),
  });
  return {
    of: { run: id },
    ...(taskId !== undefined && { taskId }),
    ...(mapIndex !== undefined && { mapIndex }),
    ...{
      downstream: sent.downstream === "on",
      upstream: sent.upstream === "on",
      onlyFailed: sent.onlyFailed === "on",
    },
    code: sent.latest === "on" ? "latest" : "original",
  };
}

async function annotate(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const actions = allowed(services, request);
  const { id } = checked(runParams, request.params);
  const sent = checked(formBody, request.body);
  const { run } = await readRun(services.reader, id);
  const labels = labelsOf(sent.labels ?? "");
  const remove = Object.keys(run.labels).filter((key) => !(key in labels));
  const of = { id, actor: actorOf(request) };
  await actions.labelRun(services.db, { ...of, labels, remove });
  await actions.noteRun(services.db, { ...of, note: sent.note ?? "" });
  response.redirect(303, `/runs/${id}`);
}

async function audit(services: WebServices, request: Request, response: Response): Promise<void> {
  const query = checked(auditQuery, request.query);
  const mark = await markOf(services, `dag:${request.params.dagId}`);
  const dag = await dagOf(services, request);
  const { dagId } = dag;
  const found = await listAudit(services.reader, { ...query, dagId });
  const entries = found.map((one) => ({
    ...one,
    actor: services.mask(one.actor),
    detail: JSON.stringify(maskJson(services.mask, one.detail)).slice(0, 300),
  }));
  const older =
    found.length < query.limit ? null : `/dags/${dagId}/audit?before=${found.at(-1)?.id}`;
  const children = h("div", { id: "audit", "data-live": true }, h(AuditList, { entries, older }));
  const body = h(DagPage, { dag, tab: "audit", token: formToken(services, request), children });
  await sendPage(services, request, response, {
    title: `Audit of ${dagId}`,
    live: { topic: `dag:${dagId}`, mark },
    body,
  });
}
