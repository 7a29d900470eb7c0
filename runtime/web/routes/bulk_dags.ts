/** Actions on selected DAGs: the sheet that confirms them, and what came of them. */
import type { Request, Response } from "express";
import { h } from "preact";
import { needs, requireDag } from "../http/access.ts";
import { actionsOfForm, actorOf, needFormToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { bulkBody, bulkDags, type DAG_VERBS } from "../http/input/run_filters.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readDag } from "../read/read_dags.ts";
import { BulkResult, type BulkRow, BulkSheet } from "../views/runs/bulk_sheet.tsx";
import { readForm, shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

type Verb = (typeof DAG_VERBS)[number];

const WORDS: Readonly<Record<Verb, readonly [title: string, done: string, explanation: string]>> = {
  pause: [
    "Pause DAGs",
    "paused",
    "No new runs start by schedule, asset or event. Runs that have started go on.",
  ],
  unpause: ["Unpause DAGs", "unpaused", "Their schedules, assets and events start runs again."],
  trigger: [
    "Trigger DAGs",
    "triggered",
    "Each DAG gets one run now, with the defaults of its params.",
  ],
};

export function bulkDagRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/bulk/dags", needs("dag.operate", "listed"), (request, response) =>
    sheet(services, request, response),
  );
  routes.post("/bulk/dags", needs("dag.operate", "listed"), readForm, (request, response) =>
    act(services, request, response),
  );
  return routes;
}

async function sheet(services: WebServices, request: Request, response: Response): Promise<void> {
  const token = needFormToken(services, request);
  const { do: verb, dag: ids } = checked(bulkDags, request.query);
  for (const dagId of ids) await requireDag(services, request, { of: "dag", dagId });
  const rows: BulkRow[] = [];
  for (const id of ids) rows.push(await previewed(services, verb, id));
  const [title, , explanation] = WORDS[verb];
  const count = rows.filter(({ refusal }) => refusal === null).length;
  const body = h(BulkSheet, {
    ...{ action: "/bulk/dags", verb, title, explanation, rows, token },
    button: `${title} (${count})`,
    isDangerous: false,
  });
  await sendPage(services, request, response, { title, body });
}

async function previewed(services: WebServices, verb: Verb, id: string): Promise<BulkRow> {
  const { isPaused } = await readDag(services, id);
  const isDone = (verb === "pause" && isPaused) || (verb === "unpause" && !isPaused);
  const refusal = isDone ? `It is ${isPaused ? "paused" : "active"} already.` : null;
  return { ...rowOf(id), refusal };
}

const rowOf = (id: string): BulkRow => ({
  ...{ id, href: `/dags/${id}`, title: id },
  ...{ run: null, state: null, effect: null, refusal: null },
});

async function act(services: WebServices, request: Request, response: Response): Promise<void> {
  actionsOfForm(services, request);
  const { do: verb, dag: ids } = checked(bulkDags, request.body);
  const { reason } = checked(bulkBody, request.body);
  for (const dagId of ids) await requireDag(services, request, { of: "dag", dagId });
  const rows: BulkRow[] = [];
  for (const id of ids) rows.push(await acted(services, request, verb, id, reason));
  const done = rows.filter(({ refusal }) => refusal === null).length;
  const title = `${done} of ${rows.length === 1 ? "1 DAG" : `${rows.length} DAGs`} ${WORDS[verb][1]}`;
  const back = { href: "/", label: "All DAGs" };
  await sendPage(services, request, response, {
    title,
    body: h(BulkResult, { title, back, rows }),
  });
}

/** One refused DAG must not keep the others from their change. */
async function acted(
  services: WebServices,
  request: Request,
  verb: Verb,
  dagId: string,
  reason: string | null,
): Promise<BulkRow> {
  const actions = actionsOfForm(services, request);
  const of = { dagId, actor: actorOf(request) };
  try {
    if (verb === "trigger") {
      const { id, runId } = await actions.triggerRun(services.db, of);
      return { ...rowOf(dagId), href: `/runs/${id}`, effect: runId };
    }
    const paused = { ...of, ...(reason !== null && { reason }) };
    await actions[verb === "pause" ? "pauseDag" : "unpauseDag"](services.db, paused);
    return rowOf(dagId);
  } catch (error) {
    return { ...rowOf(dagId), refusal: shownError(services, error, ["DATABASE_AWAY"]) };
  }
}
