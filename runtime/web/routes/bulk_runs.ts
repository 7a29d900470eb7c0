/** Actions on selected runs: the sheet that confirms them, and what came of them. */
import type { Request, Response } from "express";
import { h } from "preact";
import { isDagsmithError } from "../../../sdk/errors.ts";
import { needs, requireDag } from "../http/access.ts";
import type { WebActions } from "../http/actions.ts";
import { actionsOfForm, actorOf, needActions, needFormToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { bulkBody, bulkRuns, type RUN_VERBS } from "../http/input/run_filters.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { type RunDetail, readRunRow } from "../read/read_runs.ts";
import { Annotation } from "../views/runs/annotation.tsx";
import { BulkResult, type BulkRow, BulkSheet } from "../views/runs/bulk_sheet.tsx";
import { labelsOf, readForm, shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

type Verb = (typeof RUN_VERBS)[number];

/** The words of a sheet. */
const WORDS: Readonly<Record<Verb, readonly [title: string, done: string, explanation: string]>> = {
  clear: [
    "Clear failed tasks",
    "cleared",
    "The failed tasks run again, and those that could not run because of them. Earlier tries stay in the history.",
  ],
  success: ["Mark as success", "marked as success", "The runs and all their tasks become success."],
  failed: [
    "Mark as failed",
    "marked as failed",
    "Finished runs become failed; their tasks stay as they are. Active runs are cancelled.",
  ],
  cancel: [
    "Cancel runs",
    "cancelled",
    "Running tasks are stopped and fail; tasks that have not started are skipped.",
  ],
  annotate: ["Set note and labels", "annotated", "An empty field changes nothing."],
};

export function bulkRunRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/bulk/runs", needs("dag.operate", "listed"), (request, response) =>
    sheet(services, request, response),
  );
  routes.post("/bulk/runs", needs("dag.operate", "listed"), readForm, (request, response) =>
    act(services, request, response),
  );
  return routes;
}

async function sheet(services: WebServices, request: Request, response: Response): Promise<void> {
  const token = needFormToken(services, request);
  const { do: verb, run: ids } = checked(bulkRuns, request.query);
  for (const id of ids) await requireDag(services, request, { of: "run", id });
  const rows: BulkRow[] = [];
  for (const id of ids) rows.push(await previewed(services, verb, id));
  const [title, , explanation] = WORDS[verb];
  const count = rows.filter(({ refusal }) => refusal === null).length;
  const body = h(BulkSheet, {
    ...{ action: "/bulk/runs", verb, title, explanation, rows, token },
    button: `${title} (${count === 1 ? "1 run" : `${count} runs`})`,
    isDangerous: verb === "cancel" || verb === "failed",
    fields: verb === "annotate" ? h(Annotation, {}) : null,
  });
  await sendPage(services, request, response, { title, body });
}

async function previewed(services: WebServices, verb: Verb, id: number): Promise<BulkRow> {
  const run = await readRunRow(services, id);
  const row = rowOf(run);
  if (verb === "clear") return { ...row, ...(await clearPreview(services, id)) };
  const isOver = run.finishedAt !== null;
  const isDone = verb === run.state || (verb === "cancel" && isOver);
  return { ...row, refusal: isDone ? `It is ${run.state} already.` : null };
}

/** Instances of one run that the sheet names; it counts all. */
const NAMED = 12;

async function clearPreview(
  services: WebServices,
  id: number,
): Promise<Pick<BulkRow, "effect" | "refusal">> {
  try {
    const actions = needActions(services);
    const [cleared] = await actions.previewClear(services.db, {
      of: { run: id },
      onlyFailed: true,
    });
    const names = (cleared?.instances ?? []).map(({ taskId, mapIndex }) =>
      mapIndex < 0 ? taskId : `${taskId} [${mapIndex}]`,
    );
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
    return { effect: `${names.slice(0, NAMED).join(", ")}${more}`, refusal: null };
  } catch (error) {
    return { effect: null, refusal: shownError(services, error, ["DATABASE_AWAY"]) };
  }
}

function rowOf(run: RunDetail): BulkRow {
  const { id, dagId: title, state } = run;
  return { id: String(id), href: `/runs/${id}`, title, run, state, effect: null, refusal: null };
}

async function act(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { do: verb, run: ids } = checked(bulkRuns, request.body);
  const sent = checked(bulkBody, request.body);
  const one = { actor: actorOf(request), ...(sent.reason !== null && { reason: sent.reason }) };
  for (const id of ids) await requireDag(services, request, { of: "run", id });
  const rows: BulkRow[] = [];
  for (const id of ids) {
    const refusal = await refusalOf(services, () =>
      actOn(actions, services, verb, { id, ...one, sent }),
    );
    rows.push({ ...rowOf(await readRunRow(services, id)), refusal });
  }
  const done = rows.filter(({ refusal }) => refusal === null).length;
  const title = `${done} of ${rows.length === 1 ? "1 run" : `${rows.length} runs`} ${WORDS[verb][1]}`;
  const back = { href: "/runs", label: "All runs" };
  await sendPage(services, request, response, {
    title,
    body: h(BulkResult, { title, back, rows }),
  });
}

interface Act {
  readonly id: number;
  readonly actor: string;
  readonly reason?: string;
  readonly sent: { readonly note: string | null; readonly labels: string | null };
}

async function actOn(
  actions: WebActions,
  { db }: WebServices,
  verb: Verb,
  { id, actor, reason, sent }: Act,
): Promise<void> {
  const of = { id, actor, ...(reason !== undefined && { reason }) };
  switch (verb) {
    case "clear":
      await actions.clearRuns(db, { ...of, of: { run: id }, onlyFailed: true });
      return;
    case "success":
    case "failed":
      return actions.markRun(db, { ...of, to: verb });
    case "cancel":
      return actions.cancelRun(db, of);
    case "annotate":
      if (sent.labels !== null)
        await actions.labelRun(db, { id, actor, labels: labelsOf(sent.labels), remove: [] });
      if (sent.note !== null) await actions.noteRun(db, { id, actor, note: sent.note });
  }
}

/** Null when it was done. One refused row must not keep the others from their change. */
async function refusalOf(services: WebServices, run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    if (!isDagsmithError(error)) throw error;
    return shownError(services, error, ["DATABASE_AWAY"]);
  }
}
