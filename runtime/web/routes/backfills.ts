/** Backfills: the list of a DAG, the form that creates one, and the page of one. */
import type { Request, Response } from "express";
import { h } from "preact";
import type { Json } from "../../../sdk/json.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { BackfillPreview, BackfillRequest } from "../../actions/index.ts";
import { needs } from "../http/access.ts";
import { actionsOfForm, actorOf, formToken, needFormToken } from "../http/authorize.ts";
import { backfillBody, backfillParams, backfillRunsQuery } from "../http/input/backfills.ts";
import { checked } from "../http/input/check.ts";
import { defined, formBody } from "../http/input/fields.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { markOf } from "../live/topics.ts";
import type { ParamField } from "../params/param_field.ts";
import { paramFields } from "../params/param_fields.ts";
import { readBackfill, readBackfillRuns, readBackfills } from "../read/read_backfills.ts";
import type { DagDetail } from "../read/read_dags.ts";
import { BackfillPage } from "../views/backfills/backfill.tsx";
import { BackfillConfirm } from "../views/backfills/backfill_confirm.tsx";
import { BackfillForm } from "../views/backfills/backfill_form.tsx";
import { BackfillList } from "../views/backfills/backfill_list.tsx";
import { type DagTabContent, dagOf, sendDag } from "./dag_page.ts";
import { labelsOf, numberOf, readForm, type Sent, shownError } from "./form.ts";
import { type Problems, paramProblems, problemCount, readParams } from "./param_form.ts";
import { sendPage } from "./send_page.ts";

export function backfillRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/dags/:dagId/backfills", needs("dag.read", "dagId"), (request, response) =>
    sendDag(services, request, response, (dag) => list(services, request, dag)),
  );
  routes.get("/dags/:dagId/backfills/new", needs("dag.operate", "dagId"), (request, response) =>
    form(services, request, response, FRESH),
  );
  routes.post(
    "/dags/:dagId/backfills",
    needs("dag.operate", "dagId"),
    readForm,
    (request, response) => create(services, request, response),
  );
  routes.get("/backfills/:id", needs("dag.read", "backfill"), (request, response) =>
    backfill(services, request, response),
  );
  for (const verb of ["pause", "resume", "cancel"] as const)
    routes.post(
      `/backfills/:id/${verb}`,
      needs("dag.operate", "backfill"),
      readForm,
      (request, response) => move(services, request, response, verb),
    );
  return routes;
}

/** Backfills on the page of a DAG. */
const LISTED = 50;

async function list(
  services: WebServices,
  request: Request,
  { dagId, spec, removedAt }: DagDetail,
): Promise<DagTabContent> {
  const backfills = await readBackfills(services, dagId, LISTED);
  const canCreate =
    removedAt === null &&
    spec.schedules.length > 0 &&
    backfills.every(({ endedAt }) => endedAt !== null);
  const token = formToken(services, request);
  return {
    tab: "backfills",
    title: `Backfills of ${dagId}`,
    children: h(BackfillList, { dagId, backfills, token, canCreate }),
  };
}

async function backfill(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { id } = checked(backfillParams, request.params);
  const { after, limit } = checked(backfillRunsQuery, request.query);
  const { dagId } = await readBackfill(services, id);
  // The fingerprint first, then the rows that it covers.
  const topic = `dag:${dagId}`;
  const mark = await markOf(services.reader, topic);
  const found = await readBackfill(services, id);
  const runs = await readBackfillRuns(services, id, { after, limit });
  const more =
    runs.length < limit ? null : `/backfills/${id}?after=${runs.at(-1)?.ordinal}&limit=${limit}`;
  const params = JSON.stringify(found.params);
  const token = formToken(services, request);
  await sendPage(services, request, response, {
    title: `Backfill ${id} of ${dagId}`,
    live: { topic, mark },
    body: h(BackfillPage, { backfill: found, params, runs, more, token }),
  });
}

/** What the form shows of an attempt; with a preview it asks for the last step. */
interface Attempt {
  readonly sent: Sent;
  readonly problems: Problems;
  readonly error: string | null;
  readonly preview: BackfillPreview | null;
}

const FRESH: Attempt = { sent: {}, problems: {}, error: null, preview: null };

async function form(
  services: WebServices,
  request: Request,
  response: Response,
  attempt: Attempt,
): Promise<void> {
  const token = needFormToken(services, request);
  await sendDag(services, request, response, ({ dagId, spec }) => {
    const schedules = spec.schedules.map(({ name }) => name);
    const fields = fieldsOf(spec);
    const { preview, ...shown } = attempt;
    return {
      tab: "backfills",
      title: `Backfill ${dagId}`,
      children: preview
        ? h(BackfillConfirm, { dagId, sent: shown.sent, preview, token })
        : h(BackfillForm, { dagId, schedules, fields, ...shown, token }),
    };
  });
}

/** The params that the runs of the schedule have, for the form to begin with. */
function fieldsOf({ paramsSchema, schedules }: DagSpec): readonly ParamField[] {
  const params = schedules[0]?.params ?? {};
  return paramFields(paramsSchema, params as Readonly<Record<string, Json>>);
}

async function create(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const sent = checked(formBody, request.body);
  if (sent.do === "change") return form(services, request, response, { ...FRESH, sent });
  const { dagId, spec } = await dagOf(services, request);
  const fields = fieldsOf(spec);
  const { params, problems } = await readParams(spec, fields, sent);
  const refuse = (found: Problems, error: string | null): Promise<void> => {
    response.status(422);
    return form(services, request, response, { sent, problems: found, error, preview: null });
  };
  const count = problemCount(problems);
  if (count !== null) return refuse(problems, count);
  try {
    const asked = requestOf(dagId, sent, params);
    if (sent.do === "create") {
      const actor = actorOf(request);
      const { id } = await actions.createBackfill(services.db, { ...asked, actor });
      return response.redirect(303, `/backfills/${id}`);
    }
    const preview = await actions.previewBackfill(services.db, asked);
    await form(services, request, response, { ...FRESH, sent, preview });
  } catch (error) {
    const message = shownError(services, error, ["UNKNOWN_DAG"]);
    const found = paramProblems(error, fields);
    await refuse(found, problemCount(found) ?? message);
  }
}

/** The request of a form. @throws DagsmithError INVALID_ARGUMENT, INVALID_LABEL */
function requestOf(dagId: string, sent: Sent, params: Json): Omit<BackfillRequest, "actor"> {
  const { from, to, ...more } = checked(backfillBody, {
    from: sent.from ?? "",
    to: sent.to ?? "",
    reprocess: sent.reprocess || undefined,
    code: sent.code || undefined,
    maxActiveRuns: numberOf(sent.maxActiveRuns ?? ""),
    backwards: sent.order === "backwards",
    schedule: sent.schedule || undefined,
    labels: labelsOf(sent.labels ?? ""),
    params,
  });
  return { dagId, from, to, ...(defined(more) as object) };
}

async function move(
  services: WebServices,
  request: Request,
  response: Response,
  verb: "pause" | "resume" | "cancel",
): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { id } = checked(backfillParams, request.params);
  await actions[`${verb}Backfill`](services.db, { id, actor: actorOf(request) });
  response.redirect(303, `/backfills/${id}`);
}
