/** The page of a run, and the actions on it: cancel, note and labels. */
import type { Request, Response } from "express";
import { h } from "preact";
import { checkLabel } from "../../../sdk/task/run_notes.ts";
import { foldsOf } from "../groups/folded_groups.ts";
import { mayAlso, needs, visibleTags } from "../http/access.ts";
import { actionsOfForm, actorOf, formToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { formBody } from "../http/input/fields.ts";
import { runParams, runQuery } from "../http/input/runs.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { markOf } from "../live/topics.ts";
import { isShownAs } from "../read/mask.ts";
import { readCallbacks } from "../read/read_callbacks.ts";
import { readOrigin } from "../read/read_origin.ts";
import { readNeighbours, readRun } from "../read/read_run.ts";
import { readRunRow } from "../read/read_runs.ts";
import { readTime } from "../read/read_time.ts";
import { RunPage } from "../views/run/run.tsx";
import { labelsOf, readForm } from "./form.ts";
import { sendPage } from "./send_page.ts";

export function runRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/runs/:id", needs("dag.read", "run"), (request, response) =>
    run(services, request, response),
  );
  routes.post("/runs/:id/cancel", needs("dag.operate", "run"), readForm, (request, response) =>
    cancel(services, request, response),
  );
  routes.post("/runs/:id/annotate", needs("dag.operate", "run"), readForm, (request, response) =>
    annotate(services, request, response),
  );
  return routes;
}

async function run(services: WebServices, request: Request, response: Response): Promise<void> {
  const { id } = checked(runParams, request.params);
  const { folded, callbacks: before } = checked(runQuery, request.query);
  const mark = await markOf(services.reader, `run:${id}`);
  const view = await readRun(services, id);
  const layout = await services.drawer.layout(view.run.versionId, view.spec);
  const path = `/runs/${id}`;
  const olderCallbacks = (last: number): string =>
    `${foldsOf(path, folded, { callbacks: last }).hrefOf(folded)}#callbacks`;
  const which = { runId: id, instanceId: null, before };
  await sendPage(services, request, response, {
    title: `${view.run.dagId} ${view.run.runId}`,
    live: { topic: `run:${id}`, mark },
    body: h(RunPage, {
      ...view,
      ...(await readOrigin(services, id, visibleTags(request))),
      neighbours: await readNeighbours(services, view.run),
      linksAssets: mayAlso(request, "asset.read"),
      layout,
      folds: foldsOf(path, folded, { callbacks: before }),
      callbacks: await readCallbacks(services, which, olderCallbacks),
      params: JSON.stringify(view.run.params),
      token: formToken(services, request),
      now: await readTime(services),
    }),
  });
}

async function cancel(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { id } = checked(runParams, request.params);
  // An action waits for a lost database; this read fails at once when it is away.
  await readRunRow(services, id);
  await actions.cancelRun(services.db, { id, actor: actorOf(request) });
  response.redirect(303, `/runs/${id}`);
}

async function annotate(
  services: WebServices,
  request: Request,
  response: Response,
): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { id } = checked(runParams, request.params);
  const sent = checked(formBody, request.body);
  const run = await readRunRow(services, id);
  const of = { id, actor: actorOf(request) };
  const labels = labelsOf(sent.labels ?? "");
  for (const [key, value] of Object.entries(labels)) checkLabel(key, value);
  // The note goes before the labels: when it is refused, nothing is done.
  if (sent.note !== sent.noteWas)
    await actions.noteRun(services.db, {
      ...{ ...of, note: sent.note ?? "" },
      ...(sent.noteWas !== undefined && { isAsRead: isShownAs(services.mask, sent.noteWas) }),
    });
  const was = sent.labelsWas === undefined ? run.labels : labelsOf(sent.labelsWas);
  await actions.labelRun(services.db, { ...of, ...changedLabels(was, labels) });
  response.redirect(303, `/runs/${id}`);
}

type Labels = Readonly<Record<string, string>>;

/** What one editor has changed; what others changed meanwhile stays. */
function changedLabels(
  was: Labels,
  labels: Labels,
): { readonly labels: Labels; readonly remove: readonly string[] } {
  const changed = Object.entries(labels).filter(([key, value]) => was[key] !== value);
  const remove = Object.keys(was).filter((key) => !(key in labels));
  return { labels: Object.fromEntries(changed), remove };
}
